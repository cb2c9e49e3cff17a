"""Prints the traceback of an exception group raised by two failing tasks."""

import asyncio
import traceback


async def reserve(item: str) -> None:
    raise LookupError(f"no stock for {item}")


async def charge(amount: int) -> None:
    try:
        amount // 0
    except ZeroDivisionError as error:
        raise ValueError("charge refused") from error


async def checkout() -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(reserve("kettle"))
        tasks.create_task(charge(12))


def main() -> None:
    try:
        asyncio.run(checkout())
    except* Exception:
        print(traceback.format_exc(), end="\f")


main()
