package com.example.stock

import com.example.record.Recorder.record
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext

// @added
class StockException(message: String) : Exception(message)

@JvmInline
value class Sku(val code: Int)

fun take(sku: Sku): Int = throw StockException("no stock of ${sku.code}")

fun reserve(sku: Sku): Int = throw StockException("no stock of ${sku.code}")

fun order(number: Int, times: Int = 1): Int = error("order $number not taken $times times")

suspend fun fetch(number: Int): Int {
    delay(1)
    throw StockException("no stock of $number")
}

suspend fun fetchAgain(number: Int): Int {
    delay(1)
    throw StockException("no stock of $number")
}

suspend fun count(number: Int): Int {
    val found = fetch(number)
    delay(1)
    return found
}

suspend fun countTwice(number: Int): Int = coroutineScope {
    val first = async { fetch(number) }
    first.await()
}

suspend fun countElsewhere(number: Int): Int = withContext(Dispatchers.Default) {
    delay(1)
    check(number < 0) { "stock $number is elsewhere" }
    number
}

inline fun <T> timed(block: () -> T): T {
    val result = block()
    println("never")
    return result
}

fun inlined(number: Int): Int = timed { require(number < 0) { "number $number is wrong" }; number }

suspend fun flowing(number: Int): List<Int> = flowOf(number).map { it / (number - it) }.toList()

class Warehouse(private val shelves: List<String>) {
    fun parse(): List<Int> = shelves.map { it.toInt() }

    fun parseLater(): () -> List<Int> = { shelves.map { shelf -> shelf.toInt() } }

    fun countLater(): () -> List<Int> = { shelves.map { shelf -> shelf.toInt() } }

    fun visitor() = object : Runnable {
        override fun run() {
            throw UnsupportedOperationException("closed")
        }
    }

    fun `counts all the shelves`(): Int = shelves.first { it == "none" }.length

    companion object {
        fun open(number: Int): Warehouse = throw IllegalStateException("shelf $number is closed")

        fun close(number: Int): Warehouse = throw IllegalStateException("shelf $number is closed")
    }
}

fun main(arguments: Array<String>) {
    val n = arguments[0].toInt()
    val warehouse = Warehouse(listOf("1", "one"))
    record("take") { take(Sku(n)) }
    record("reserve") { reserve(Sku(n)) }
    record("order") { order(n) }
    record("fetch") { runBlocking { fetch(n) } }
    record("fetch_again") { runBlocking { fetchAgain(n) } }
    record("count") { runBlocking { count(n) } }
    record("count_twice") { runBlocking { countTwice(n) } }
    record("count_elsewhere") { runBlocking { countElsewhere(n) } }
    record("inlined") { inlined(n) }
    record("flowing") { runBlocking { flowing(n) } }
    record("parse") { warehouse.parse() }
    record("parse_later") { warehouse.parseLater()() }
    record("count_later") { warehouse.countLater()() }
    record("visitor") { warehouse.visitor().run() }
    record("sentence") { warehouse.`counts all the shelves`() }
    record("open") { Warehouse.open(n) }
    record("close") { Warehouse.close(n) }
}
