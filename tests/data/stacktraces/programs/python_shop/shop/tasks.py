"""Work at the same time: asyncio, groups of exceptions, other processes."""

import asyncio
import concurrent.futures
import multiprocessing

from shop import orders


async def reserve(item):
    await asyncio.sleep(0)
    raise LookupError(f"no stock for item {item}")


async def charge(amount):
    await asyncio.sleep(0)
    try:
        return amount // 0
    except ZeroDivisionError as error:
        raise ValueError("charge refused") from error


async def both(*jobs):
    async with asyncio.TaskGroup() as tasks:
        for job in jobs:
            tasks.create_task(job)


def checkout(item):
    asyncio.run(both(reserve(item), charge(12)))


def checkout_turned(item):
    asyncio.run(both(charge(12), reserve(item), reserve(item + 1)))


def checkout_charge(item):
    asyncio.run(both(charge(item)))


async def gather(item):
    await asyncio.gather(reserve(item), asyncio.sleep(0))


def gathered(item):
    asyncio.run(gather(item))


async def wait(item):
    await asyncio.wait_for(reserve(item), timeout=5)


def waited(item):
    asyncio.run(wait(item))


def nested(item):
    causes = []
    for function in (orders.refuse, orders.deep_cause):
        try:
            function(item)
        except Exception as error:
            causes.append(error)
    inner = ExceptionGroup("items", causes)
    try:
        raise inner
    except ExceptionGroup as group:
        raise ExceptionGroup("orders", [group, KeyError("city")]) from OSError("disk")


def nested_other(item):
    causes = []
    for function in (orders.pay, orders.deep_cause):
        try:
            function(item)
        except Exception as error:
            causes.append(error)
    inner = ExceptionGroup("items", causes)
    try:
        raise inner
    except ExceptionGroup as group:
        raise ExceptionGroup("orders", [group, KeyError("city")]) from OSError("disk")


def in_process(item):
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        pool.submit(orders.deep_cause, item).result()


def in_process_other(item):
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        pool.submit(orders.with_traceback_inside, item).result()


def in_pool(item):
    with multiprocessing.get_context("fork").Pool(1) as pool:
        pool.apply(orders.refuse, (item,))


def in_pool_other(item):
    with multiprocessing.get_context("fork").Pool(1) as pool:
        pool.apply(orders.pay, (item,))


def in_thread(item):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(orders.refuse, item).result()
