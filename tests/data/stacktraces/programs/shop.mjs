// Prints four stacks: an async chain, an error with a cause, an array callback, a getter of undefined.
import { inspect } from "node:util";
import { readFile } from "node:fs/promises";

class OrderService {
  async place(order) {
    await this.load(order.id);
  }
  async load(id) {
    try {
      await readFile(`/nowhere/order-${id}.json`);
    } catch (error) {
      throw new Error(`order ${id} could not be loaded`, { cause: error });
    }
  }
  total(order) {
    return order.items.map((item) => item.price.amount);
  }
}

const service = new OrderService();
const failing = [
  async () => await service.place({ id: 4711 }),
  async () => service.total({ items: [{}] }),
  async () => { JSON.parse("{ not json"); },
];
for (const run of failing) {
  try {
    await run();
  } catch (error) {
    process.stdout.write(error.stack + "\f");
    if (error.cause) process.stdout.write(inspect(error) + "\f");
  }
}
