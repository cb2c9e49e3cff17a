package com.example.billing

import com.example.record.Recorder
import java.util.concurrent.Callable

import scala.concurrent.{Await, Future}
import scala.concurrent.ExecutionContext.Implicits.global
import scala.concurrent.duration._

class BillException(message: String, cause: Throwable = null) extends Exception(message, cause)

trait Taxed {
  // @added
  def tax(number: Int): Int = throw new BillException(s"bill $number has no tax")
}

class Bill(lines: List[String]) extends Taxed {
  def total: Int = lines.map(line => line.toInt).sum

  def most: Int = lines.map(line => line.toInt).max

  def nested(number: Int): Int = {
    def inner(depth: Int): Int = if (depth == 0) number / depth else inner(depth - 1) + 1
    inner(3)
  }

  def partial: List[Int] = lines.collect { case line if line != "" => line.toInt }

  def loop: Unit = for (line <- lines; other <- lines) (line + other.drop(9)).toInt
}

object Bill {
  def open(number: Int): Bill = throw new BillException(s"bill $number is closed")

  def close(number: Int): Bill = throw new BillException(s"bill $number is closed")

  def later(number: Int): Int = Await.result(Future { open(number); 1 }, 5.seconds)

  def wrapped(number: Int): Bill = try open(number) catch {
    case error: BillException => throw new IllegalStateException("no bill", error)
  }
}

object Run {
  def record(name: String)(failing: => Any): Unit =
    Recorder.record(name, new Callable[Any] { def call(): Any = failing })

  def main(arguments: Array[String]): Unit = {
    val n = arguments(0).toInt
    val bill = new Bill(List("1", "one"))
    record("total")(bill.total)
    record("most")(bill.most)
    record("tax")(bill.tax(n))
    record("nested")(bill.nested(n))
    record("partial")(bill.partial)
    record("loop")(bill.loop)
    record("open")(Bill.open(n))
    record("close")(Bill.close(n))
    record("later")(Bill.later(n))
    record("wrapped")(Bill.wrapped(n))
  }
}
