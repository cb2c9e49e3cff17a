using System;
using System.Collections.Generic;
using System.Runtime.ExceptionServices;
using System.Threading.Tasks;
//MOVE
namespace Shop
{
    public class Checkout
    {
        event Action<Order> Placed;

        public class Rule
        {
            public void Check(Order order) { throw new OrderException("rule broken by " + order.Id); }
        }

        public void Place(Order order, string how)
        {
            try
            {
                if (how == "format") Parse("x" + order.Id); else Setting("DATABASE_URL");
            }
            catch (Exception e)
            {
                //MOVE
                throw new OrderException("order " + order.Id + " failed", e);
            }
        }

        public void Twice(Order order)
        {
            try { Place(order, "format"); }
            catch (OrderException e) { throw new InvalidOperationException("checkout failed", e); }
        }

        public string Setting(string name) { return new Dictionary<string, string>()[name]; }

        public int Parse(string text) { return int.Parse(text); }

        public string Cast(object order) { return (string)order; }

        public async Task PlaceAsync(Order order)
        {
            //EXTRA
            await Task.Delay(1);
            await ChargeAsync(order);
        }

        async Task ChargeAsync(Order order)
        {
            await Task.Delay(1);
            throw new OrderException("order " + order.Id + " refused");
        }

        public async Task CloseAsync(Order order)
        {
            await Task.Delay(1);
            throw new TimeoutException("order " + order.Id + " timed out");
        }

        public async Task<T> LoadAsync<T>(Order order)
        {
            await Task.Delay(1);
            throw new OrderException("order " + order.Id + " cannot be loaded");
        }

        public async Task WrappedAsync(Order order)
        {
            try { await PlaceAsync(order); }
            catch (OrderException e) { throw new InvalidOperationException("checkout failed", e); }
        }

        public async Task LambdaAsync(Order order)
        {
            Func<Task> work = async () => { await Task.Delay(1); Missing("order"); };
            await work();
        }

        public void All(Order order)
        {
            Parallel.Invoke(() => Missing("order"), () => order.Refund(null));
        }

        public void Take(Order order)
        {
            foreach (var item in Items(order)) item.ToString();
        }

        IEnumerable<int> Items(Order order)
        {
            yield return 1;
            throw new OrderException("no items in " + order.Id);
        }

        public void Missing(string what) { throw new OrderException(what + " not found"); }

        public void Pay(Order order) { throw new OrderException("order not found"); }

        public void Rethrown(Order order)
        {
            try { Pay(order); } catch (OrderException) { throw; }
        }

        public void Dispatched(Order order)
        {
            ExceptionDispatchInfo kept = null;
            try { Pay(order); } catch (OrderException e) { kept = ExceptionDispatchInfo.Capture(e); }
            kept.Throw();
        }

        public void Raise(Order order)
        {
            Placed += one => Missing("order");
            Placed(order);
        }
    }
}
