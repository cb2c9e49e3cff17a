using System; using System.Collections.Generic; using System.Linq; using System.IO; using System.Net.Sockets; using System.Globalization;
class Order { public string City; public Order Next; } class Cart {} enum State { Open, Paid }
class Rec {
  static string Q(string s) { var b = new System.Text.StringBuilder("\""); foreach (var c in s) { if (c == '"' || c == '\\') b.Append('\\').Append(c); else if (c < 32) b.AppendFormat("\\u{0:x4}", (int)c); else b.Append(c); } return b.Append('"').ToString(); }
  static void R(string family, string kind, Action<object> f, params object[] vs) { foreach (var v in vs.Length == 0 ? new object[] { null } : vs) try { f(v); Console.Error.WriteLine("no error " + family + kind); } catch (Exception e) { Console.WriteLine("{\"family\":" + Q(family) + ",\"kind\":" + Q(kind) + ",\"type\":" + Q(e.GetType().FullName) + ",\"message\":" + Q(e.Message) + ",\"from\":\"recorded: Mono " + Environment.Version + "\"}"); } }
  static void Main() {
    R("dotnet/format", "int", v => int.Parse((string)v), "abc", "12x");
    R("dotnet/format", "guid", v => Guid.Parse((string)v), "abc", "12x");
    R("dotnet/format", "date", v => DateTime.Parse((string)v), "gestern", "31/31/2023");
    R("dotnet/enum", "State", v => Enum.Parse(typeof(State), (string)v), "Closed", "Paid off");
    R("dotnet/enum", "Day", v => Enum.Parse(typeof(DayOfWeek), (string)v), "Foo", "x y");
    R("dotnet/null", "x", v => { Order o = null; o.City.Trim(); });
    R("dotnet/argnull", "path", v => File.ReadAllText(null));
    R("dotnet/argnull", "value", v => int.Parse(null));
    R("dotnet/cast", "Cart", v => { var c = (Cart)v; }, new Order());
    R("dotnet/cast", "Order", v => { var c = (Order)v; }, new Cart());
    R("dotnet/key", "dict", v => { var x = new Dictionary<string,int>()[(string)v]; }, "abc", "c7b2a9f0");
    R("dotnet/key", "add", v => { var d = new Dictionary<string,int> { { (string)v, 1 } }; d.Add((string)v, 2); }, "abc", "Ann Lee");
    R("dotnet/index", "list", v => { var x = new List<int>()[(int)v]; }, 3, 17);
    R("dotnet/seq", "first", v => new int[0].First());
    R("dotnet/seq", "single", v => new int[2].Single());
    R("dotnet/file", "config", v => File.ReadAllText("/etc/shop/config.json"));
    R("dotnet/file", "tls", v => File.ReadAllText("/etc/tls.pem"));
    R("dotnet/socket", "refused", v => new TcpClient("127.0.0.1", (int)v), 1, 2);
    R("dotnet/disposed", "stream", v => { var s = new MemoryStream(); s.Dispose(); s.WriteByte(1); });
    R("dotnet/disposed", "reader", v => { var s = new StringReader("x"); s.Dispose(); s.Read(); });
    R("dotnet/overflow", "byte", v => byte.Parse((string)v), "300", "12345");
    R("dotnet/argrange", "substring", v => "abc".Substring((int)v), 9, 17);
    R("dotnet/aggregate", "agg", v => { throw new AggregateException(new InvalidOperationException("stock of " + v + " is negative"), new TimeoutException("no answer in " + v + " ms")); }, 3, 17);
  }
}
