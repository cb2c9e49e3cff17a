export interface Item { sku: string; amount: number; parts?: Item[] }

const SHELVES: Record<string, { left: number }> = { kettle: { left: 3 } };

export class Stock {
  #count(sku: string): number {
    return SHELVES[sku].left;
  }
  get total(): number {
    return this.#count("teapot-" + Object.keys(SHELVES).length);
  }
  reserve(items: Item[]): number[] {
    return items.map((item) => SHELVES[item.sku].left - item.amount);
  }
  weigh(item: Item): number {
    if (!item.parts) throw new RangeError(`part ${item.sku} has no weight`);
    return item.parts.map((part) => this.weigh(part)).reduce((a, b) => a + b, 0);
  }
  endless(depth: number): number {
    return this.between(depth + 1) + 1;
  }
  between(depth: number): number {
    return this.endless(depth + 1) + 1;
  }
}
