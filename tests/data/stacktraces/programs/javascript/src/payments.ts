import { PaymentError, ValidationError } from "./errors";

export async function loadCard(id: string): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  throw new PaymentError(`card ${id} was refused`, "card_refused");
}

export async function charge(id: string): Promise<void> {
  await loadCard(id);
}

// The same chain without the await: the caller is no longer on the stack.
export async function chargeDirectly(id: string): Promise<void> {
  return loadCard(id);
}

export function refund(id: string): void {
  throw new PaymentError(`card ${id} was refused`, "card_refused");
}

export function validate(order: Record<string, unknown>): void {
  for (const field of ["city", "user"]) {
    if (!order[field]) throw new ValidationError(`${field} must not be empty`);
  }
}

export function settle(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ValidationError("settlement is not readable", { cause: error });
  }
}

export function settleLate(when: Date | null): string {
  try {
    return when!.toISOString();
  } catch (error) {
    throw new ValidationError("settlement is not readable", { cause: error });
  }
}
