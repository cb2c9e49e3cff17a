// An error in a handler of Express, whichever release of it is installed as EXPRESS.
const express = require(process.env.EXPRESS);
const http = require("node:http");

function findOrder(orders, id) {
  return orders.find((order) => order.id === id).total;
}
function showOrder(request, response) {
  response.json(findOrder([], request.params.id));
}
function listOrders(request, response) {
  response.json(findOrder([], request.query.first));
}

const app = express();
app.use(express.json());
app.get("/orders/:id", showOrder);
app.get("/orders", listOrders);
app.use((error, request, response, next) => {
  const name = request.path === "/orders" ? "list_orders" : "show_order";
  const { name: type, message, stack } = error;
  console.log(JSON.stringify({ name, type, message, stacktrace: stack }));
  response.sendStatus(500);
});
const server = app.listen(0, async () => {
  for (const path of ["/orders/4711", "/orders"]) {
    await new Promise((done) => http.get({ port: server.address().port, path }, (r) => r.resume().on("end", done)));
  }
  server.close();
});
