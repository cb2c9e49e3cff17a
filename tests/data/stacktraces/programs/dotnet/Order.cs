using System;
using System.Linq;
//MOVE
namespace Shop
{
    public class OrderException : Exception
    {
        public OrderException(string message, Exception inner = null) : base(message, inner) { }
    }

    public interface IPriced
    {
        int Price();
    }

    public class Order : IPriced
    {
        readonly int id;
        string customer;

        public Order(int id)
        {
            if (id < 0) throw new ArgumentOutOfRangeException("id");
            this.id = id;
        }

        public int Id { get { return id; } }
        public object Customer { get { return customer.Length; } }
        public object this[int line] { get { throw new OrderException("no line " + line); } }

        public static Order operator +(Order a, Order b)
        {
            throw new OrderException("orders " + a.id + " do not add up");
        }

        public static Order Find(int id)
        {
            //MOVE
            throw new OrderException("no order with id " + id);
        }

        public void Validate(string field)
        {
            //MOVE
            throw new ArgumentException(field + " is invalid");
        }

        public int[] Total(int[] lines)
        {
            if (lines.Length == 0) throw new OrderException("order " + id + " is empty");
            //EXTRA
            return lines.Select(line => new[] { line }.Select(amount => 10 / amount).Sum()).ToArray();
        }

        public void Split(int parts)
        {
            //EXTRA
            Func<int, int> share = count => count / parts;
            share(id);
        }

        public void Refund(object[] payment)
        {
            payment[0].ToString();
        }

        public void Ship(object[] parcel)
        {
            //MOVE
            parcel[0].ToString();
        }

        public void Descend(int depth)
        {
            if (depth == 0) throw new OrderException("order " + id + " too deep");
            Descend(depth - 1);
            GC.KeepAlive(this);
        }

        int IPriced.Price()
        {
            throw new OrderException("no price");
        }

        public void Change(int number) { throw new OrderException("cannot change"); }
        public void Change(string text) { throw new OrderException("cannot change"); }
    }

    public static class Audits
    {
        public static void Audit(this Order order) { throw new OrderException("order " + order.Id + " not audited"); }
    }

    public class Repository<T>
    {
        public TKey Get<TKey>(int id)
        {
            throw new OrderException("nothing with id " + id);
        }
    }

    public static class Settings
    {
        static readonly string Url = Read("DATABASE_URL");
        static string Read(string name) { throw new OrderException(name + " is not set"); }
        public static void Touch() { Url.ToString(); }
    }
}
