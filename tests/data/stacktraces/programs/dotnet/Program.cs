// Prints exceptions as Exception.ToString writes them: fields end with \x1f, records with \x1e.
using System;
using System.Threading.Tasks;
using MediatR.Pipeline;
//MOVE
namespace Shop
{
    public static class Program
    {
        static void Record(string name, Action work)
        {
            try
            {
                new Pipeline().Invoke(work);
            }
            catch (Exception e)
            {
                Console.Write(name + "\x1f" + e.GetType().FullName + "\x1f" + e.Message + "\x1f" + e + "\x1e");
            }
        }

        public static void Main()
        {
            int id = int.Parse(Environment.GetEnvironmentVariable("ID") ?? "4711");
            int depth = int.Parse(Environment.GetEnvironmentVariable("DEPTH") ?? "3");
            var order = new Order(id);
            var checkout = new Checkout();
            Record("invalid_city", () => order.Validate("city"));
            Record("invalid_user", () => order.Validate("user"));
            Record("empty", () => order.Total(new int[0]));
            Record("lambda", () => order.Total(new[] { 1, 0 }));
            Record("closure", () => order.Split(0));
            Record("refund_null", () => order.Refund(null));
            Record("ship_null", () => order.Ship(null));
            Record("static", () => Order.Find(id));
            Record("wrapped_format", () => checkout.Place(order, "format"));
            Record("wrapped_key", () => checkout.Place(order, "key"));
            Record("wrapped_twice", () => checkout.Twice(order));
            Record("async", () => checkout.PlaceAsync(order).GetAwaiter().GetResult());
            Record("async_wait", () => checkout.PlaceAsync(order).Wait());
            Record("async_generic", () => checkout.LoadAsync<string>(order).GetAwaiter().GetResult());
            Record("async_wrapped", () => checkout.WrappedAsync(order).GetAwaiter().GetResult());
            Record("async_lambda", () => checkout.LambdaAsync(order).GetAwaiter().GetResult());
            Record("aggregate", () => checkout.All(order));
            Record("parallel", () => Task.WhenAll(checkout.PlaceAsync(order), checkout.CloseAsync(order)).Wait());
            Record("iterator", () => checkout.Take(order));
            Record("recursive", () => order.Descend(depth));
            Record("constructor", () => new Order(-id));
            Record("type_initializer", () => Settings.Touch());
            Record("operator", () => (order + order).ToString());
            Record("property", () => order.Customer.ToString());
            Record("indexer", () => order[7].ToString());
            Record("generic", () => new Repository<Order>().Get<int>(id));
            Record("generic_string", () => new Repository<string>().Get<long>(id));
            Record("nested", () => new Checkout.Rule().Check(order));
            Record("dictionary", () => checkout.Setting("DATABASE_URL"));
            Record("parse", () => checkout.Parse("x" + id));
            Record("cast", () => checkout.Cast(order));
            Record("not_found", () => checkout.Missing("order"));
            Record("not_found_user", () => checkout.Missing("user"));
            Record("payment", () => checkout.Pay(order));
            Record("explicit_interface", () => ((IPriced)order).Price());
            Record("extension", () => order.Audit());
            Record("rethrown", () => checkout.Rethrown(order));
            Record("dispatch", () => checkout.Dispatched(order));
            Record("event", () => checkout.Raise(order));
            Record("overload_int", () => order.Change(0));
            Record("overload_text", () => order.Change(""));
        }
    }
}
