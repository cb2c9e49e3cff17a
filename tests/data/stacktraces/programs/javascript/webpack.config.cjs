// A bundle as webpack makes it for production; the name holds the hash of what is in it.
module.exports = {
  mode: "production",
  target: process.env.TARGET || "node",
  entry: "./src/main.ts",
  devtool: false,
  resolve: { extensions: [".ts", ".js"] },
  module: { rules: [{ test: /\.ts$/, loader: "ts-loader", options: { transpileOnly: true } }] },
  output: { filename: "main.[contenthash:8].js" },
};
