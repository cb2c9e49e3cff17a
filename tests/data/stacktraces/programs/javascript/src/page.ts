import { scenarios } from "./scenarios";

// Runs in a browser and posts what it caught to the server that the page came from.
async function main(): Promise<void> {
  const rows = [];
  for (const [name, run] of Object.entries(scenarios)) {
    try {
      await run();
    } catch (caught) {
      const error = caught as Error & { code?: string };
      rows.push({ name, type: error.code || error.name, message: error.message, stacktrace: error.stack });
    }
  }
  await fetch("/caught", { method: "POST", body: JSON.stringify(rows) });
}

document.querySelector("button")!.addEventListener("click", function clicked() { void main(); });
document.querySelector("button")!.click();
