import { charge, chargeDirectly, refund, settle, settleLate, validate } from "./payments";
import { Stock, Item } from "./stock";

const stock = new Stock();
export const id = (): string => Math.random().toString(16).slice(2, 10);

function parts(depth: number): Item {
  return depth ? { sku: id(), amount: 1, parts: [parts(depth - 1)] } : { sku: "4711", amount: 1 };
}

export function applyRule(rule: string): unknown {
  return new Function("order", `return order.${rule}.value`)({});
}

// Each ends in an error; the name says what goes wrong.
export const scenarios: Record<string, () => unknown> = {
  unknown_item: () => stock.reserve([{ sku: id(), amount: 1 }]),
  private_getter: () => stock.total,
  card_refused: () => charge(id()),
  card_refused_directly: () => chargeDirectly(id()),
  refund_refused: () => refund(id()),
  no_city: () => validate({ user: "ann" }),
  no_user: () => validate({ city: "Ulm" }),
  settle_text: () => settle("{'a': 1}"),
  settle_late: () => settleLate(null),
  weigh_few: () => stock.weigh(parts(3)),
  weigh_many: () => stock.weigh(parts(30)),
  endless: () => stock.endless(0),
  endless_odd: () => stock.between(0),
  rule: () => applyRule("discount"),
  any: () => Promise.any([charge(id()), (async () => refund(id()))()]),
  all: () => Promise.all([1, 2].map(() => charge(id()))),
  date: () => new Date(NaN).toISOString(),
};
