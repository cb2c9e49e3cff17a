import { inspect } from "node:util";
import { scenarios } from "./scenarios";

// What the OpenTelemetry SDK of JavaScript sends: `code` or else the name, message, stack.
async function record(name: string, run: () => unknown): Promise<void> {
  try {
    await run();
  } catch (caught) {
    const error = caught as Error & { code?: string };
    const row = { name, type: error.code || error.name, message: error.message, stacktrace: error.stack };
    console.log(JSON.stringify({ ...row, inspected: inspect(error) }));
  }
}

async function main(): Promise<void> {
  for (const [name, run] of Object.entries(scenarios)) await record(name, run);
}

void main();
