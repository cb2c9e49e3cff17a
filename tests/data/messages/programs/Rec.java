import com.fasterxml.jackson.databind.*;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.util.*; import java.util.concurrent.*; import java.time.*; import java.nio.file.*; import java.sql.*;
import jakarta.validation.*; import jakarta.validation.constraints.*;
import org.springframework.jdbc.core.JdbcTemplate; import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.web.client.RestTemplate;
import org.springframework.context.annotation.*; import org.springframework.beans.factory.annotation.*;
public class Rec {
  interface F { Object go(Object v) throws Throwable; }
  static ObjectMapper out = new ObjectMapper();
  static void rec(String family, String kind, String lib, F f, Object... vs) throws Exception {
    for (Object v : vs.length == 0 ? new Object[]{null} : vs) {
      try { f.go(v); System.err.println("no error " + family + " " + kind + " " + v); }
      catch (Throwable e) {
        Map<String,Object> m = new LinkedHashMap<>(); m.put("family", family); m.put("kind", kind); m.put("type", e.getClass().getName()); m.put("message", String.valueOf(e.getMessage())); m.put("from", "recorded: " + lib);
        System.out.println(out.writeValueAsString(m)); }
    }
  }
  public static class Line { @NotBlank public String sku; @Min(1) public int count; }
  public enum State { OPEN, PAID }
  public static class Order { @NotNull public String city; @Size(max=3) public String zip; public int total; public State state; public LocalDate day; public List<@Valid Line> lines; public UUID id; }
  static class Cart { public int size; }
  static void valid(Object o) { var v = Validation.buildDefaultValidatorFactory().getValidator().validate(o); if (!v.isEmpty()) throw new ConstraintViolationException(v); }
  static Order order(String city, String zip) { Order o = new Order(); o.city = city; o.zip = zip; return o; }
  @org.springframework.context.annotation.Configuration static class C1 { @Bean String a(@Value("${shop.payment.url}") String u) { return u; } }
  @org.springframework.context.annotation.Configuration static class C2 { @Bean String a(@Value("${shop.stock.url}") String u) { return u; } }
  @org.springframework.context.annotation.Configuration static class C3 { @Bean String a(Cart c) { return "x"; } }
  @org.springframework.context.annotation.Configuration static class C4 { @Bean String a(Order c) { return "x"; } }
  static String getName(Order o) { return o.city.trim(); }
  public static void main(String[] a) throws Exception {
    Locale.setDefault(Locale.ENGLISH);
    String J = "OpenJDK " + System.getProperty("java.version"), K = "jackson-databind 2.17.2", S = "spring-context 6.1.12", D = "spring-jdbc 6.1.12, PostgreSQL 15, pgjdbc 42.7.4", H = "hibernate-validator 8.0.1", G = "gson 2.11.0", HH = "H2 2.3.232";
    rec("java/npe", "city", J, v -> getName(new Order()));
    rec("java/npe", "zip", J, v -> new Order().zip.trim());
    rec("java/npe-method", "map.get", J, v -> new HashMap<String,String>().get("a").length());
    rec("java/npe-method", "list", J, v -> { List<String> l = null; return l.size(); });
    rec("java/cast", "Cart", J, v -> (Cart) v, new Order());
    rec("java/cast", "Line", J, v -> (Line) v, new Order());
    rec("java/cast", "Integer", J, v -> (Integer) v, "x");
    rec("java/number", "parseInt", J, v -> Integer.parseInt((String) v), "abc", "12x", "Ann Lee", "");
    rec("java/number", "parseDouble", J, v -> Double.parseDouble((String) v), "abc", "1,5", "zwei");
    rec("java/number", "long", J, v -> Long.parseLong((String) v), "99999999999999999999", "x y");
    rec("java/enum", "State", J, v -> State.valueOf((String) v), "CLOSED", "closed", "Paid off");
    rec("java/enum", "Day", J, v -> DayOfWeek.valueOf((String) v), "FOODAY", "x");
    rec("java/index", "list", J, v -> List.of(1).get((Integer) v), 3, 17);
    rec("java/index", "array", J, v -> new int[2][(Integer) v], 3, 17);
    rec("java/index", "substring", J, v -> "abc".substring((Integer) v), 7, 17);
    rec("java/index", "arraylist", J, v -> new ArrayList<>().get((Integer) v), 7, 17);
    rec("java/uuid", "uuid", J, v -> UUID.fromString((String) v), "abc", "x y");
    rec("java/date", "localdate", J, v -> LocalDate.parse((String) v), "tomorrow", "31.12.2023", "");
    rec("java/date", "duration", J, v -> Duration.parse((String) v), "x", "1 day");
    rec("java/file", "config", J, v -> Files.readString(java.nio.file.Path.of("/etc/shop/config.yaml")));
    rec("java/file", "tls", J, v -> Files.readString(java.nio.file.Path.of("/etc/shop/tls.pem")));
    rec("java/file-stream", "upload", J, v -> new java.io.FileInputStream((String) v), "/tmp/upload_7261532178453.tmp", "/tmp/upload_1983746510298.tmp");
    rec("java/class", "billing", J, v -> Class.forName("com.shop.Billing"));
    rec("java/class", "pricing", J, v -> Class.forName("com.shop.Pricing"));
    rec("java/method", "total", J, v -> Order.class.getMethod("getTotal"));
    rec("java/method", "city", J, v -> Order.class.getMethod("getCity"));
    rec("java/optional", "x", J, v -> Optional.empty().get());
    rec("java/arith", "x", J, v -> 1 / (Integer) v, 0);
    rec("java/connect", "refused", J, v -> new java.net.Socket("127.0.0.1", (Integer) v), 1, 2);
    rec("java/connect", "dns-a", J, v -> new java.net.Socket("payments.invalid", 80));
    rec("java/connect", "dns-b", J, v -> new java.net.Socket("stock.invalid", 80));
    rec("java/executor", "rejected", J, v -> { var e = new ThreadPoolExecutor(1,1,1,TimeUnit.SECONDS,new SynchronousQueue<>()); e.shutdown(); return e.submit(() -> 1); }, 1, 2, 3);
    rec("java/future", "wrapped", J, v -> CompletableFuture.supplyAsync(() -> { throw new IllegalStateException("stock of " + v + " is negative"); }).get(), 5, 17);
    rec("java/immutable", "x", J, v -> List.of().add(null));
    rec("java/url", "malformed", J, v -> new java.net.URL((String) v), "abc", "foo bar");
    rec("java/uri", "char", J, v -> new java.net.URI((String) v), "http://shop/a b", "http://shop/x|yy zz");
    rec("java/format", "f", J, v -> String.format("%d", v), "abc", "x");
    ObjectMapper om = new ObjectMapper().registerModule(new JavaTimeModule());
    rec("jackson/unknown", "colour", K, v -> om.readValue((String) v, Order.class), "{\"colour\":1}", "{\"city\":\"Rome\",\"colour\":7}");
    rec("jackson/unknown", "size", K, v -> om.readValue((String) v, Order.class), "{\"size\":1}");
    rec("jackson/type", "total", K, v -> om.readValue((String) v, Order.class), "{\"total\":\"abc\"}", "{\"city\":\"Rome\",\"total\":\"zwei\"}");
    rec("jackson/type", "state", K, v -> om.readValue((String) v, Order.class), "{\"state\":\"CLOSED\"}", "{\"city\":\"Rome\",\"state\":\"Paid off\"}");
    rec("jackson/type", "day", K, v -> om.readValue((String) v, Order.class), "{\"day\":\"tomorrow\"}", "{\"city\":\"Rome\",\"day\":\"31.12.2023\"}");
    rec("jackson/type", "id", K, v -> om.readValue((String) v, Order.class), "{\"id\":\"tomorrow\"}", "{\"city\":\"Rome\",\"id\":\"31.12.2023\"}");
    rec("jackson/type", "lines.count", K, v -> om.readValue((String) v, Order.class), "{\"lines\":[{\"count\":\"x\"}]}", "{\"lines\":[{},{\"count\":\"yy\"}]}");
    rec("jackson/syntax", "token", K, v -> om.readValue((String) v, Order.class), "hello", "<html>", "undefined");
    rec("jackson/syntax", "eof", K, v -> om.readValue((String) v, Order.class), "{", "{\"a\":1,");
    rec("jackson/syntax", "empty", K, v -> om.readValue((String) v, Order.class), "");
    rec("jackson/bean", "no", K, v -> om.writeValueAsString(v), new Object());
    rec("gson/type", "total", G, v -> new com.google.gson.Gson().fromJson((String) v, Order.class), "{\"total\":\"abc\"}", "{\"city\":\"Rome\",\"total\":\"zwei\"}");
    rec("gson/type", "lines", G, v -> new com.google.gson.Gson().fromJson((String) v, Order.class), "{\"lines\":\"abc\"}", "{\"city\":\"Rome\",\"lines\":\"zwei\"}");
    rec("validation/bean", "city", H, v -> { valid(order(null, (String) v)); return 1; }, "1", "22");
    rec("validation/bean", "zip", H, v -> { valid(order("x", (String) v)); return 1; }, "12345", "99999");
    rec("validation/lines", "sku", H, v -> { Order o = order("x", "1"); o.lines = new ArrayList<>(); for (int i = 0; i < (Integer) v; i++) { Line l = new Line(); l.sku = "s"; l.count = 1; o.lines.add(l); } Line l = new Line(); l.count = 1; o.lines.add(l); valid(o); return 1; }, 0, 3);
    for (Class<?> c : List.of(C1.class, C2.class, C3.class, C4.class)) rec("spring/bean", c.getSimpleName(), S, v -> new AnnotationConfigApplicationContext(c));
    rec("spring/nobean", "cart", S, v -> new AnnotationConfigApplicationContext().getBean("x".equals(v) ? "a" : "cart"));
    var ds = new DriverManagerDataSource("jdbc:postgresql://127.0.0.1:18432/postgres", "postgres", "");
    var jt = new JdbcTemplate(ds);
    jt.execute("drop table if exists jlines; drop table if exists jorders; create table jorders(id serial primary key, email text unique, total int not null check (total > 0), state varchar(3)); create table jlines(id serial primary key, order_id int references jorders(id))");
    rec("spring-jdbc/unique", "email", D, v -> { jt.update("insert into jorders(email,total) values (?,1)", v); return jt.update("insert into jorders(email,total) values (?,1)", v); }, "a@b.de", "Ann Lee", "x");
    rec("spring-jdbc/unique", "pkey", D, v -> { jt.update("insert into jorders(id,total) values (?,1)", v); return jt.update("insert into jorders(id,total) values (?,1)", v); }, 1000, 2001);
    rec("spring-jdbc/notnull", "total", D, v -> jt.update("insert into jorders(email) values (?)", v), "q", "r s");
    rec("spring-jdbc/check", "total", D, v -> jt.update("insert into jorders(email,total) values (?,?)", "e" + v, v), -1, -22);
    rec("spring-jdbc/fk", "order_id", D, v -> jt.update("insert into jlines(order_id) values (?)", v), 77777, 888888);
    rec("spring-jdbc/long", "state", D, v -> jt.update("insert into jorders(email,total,state) values (?,1,?)", v, v), "long1", "longer text");
    rec("spring-jdbc/notable", "carts", D, v -> jt.queryForList("select * from carts where id = " + v), 1, 99);
    rec("spring-jdbc/notable", "invoices", D, v -> jt.queryForList("select * from invoices where id = " + v), 1, 99);
    rec("spring-jdbc/nocolumn", "city", D, v -> jt.queryForList("select city from jorders where id = " + v), 1, 99);
    rec("spring-jdbc/nocolumn", "colour", D, v -> jt.queryForList("select colour from jorders where id = " + v), 1, 99);
    rec("spring-jdbc/rows", "0", D, v -> jt.queryForObject("select id from jorders where id = " + v, Integer.class), -1, -99);
    rec("spring-jdbc/literal", "int", D, v -> jt.queryForList("select * from jorders where total = '" + v + "'"), "abc", "zwei");
    rec("spring-jdbc/conn", "refused", D, v -> new JdbcTemplate(new DriverManagerDataSource("jdbc:postgresql://127.0.0.1:" + v + "/x", "a", "b")).queryForList("select 1"), 1, 2);
    rec("spring-jdbc/auth", "role", D, v -> new JdbcTemplate(new DriverManagerDataSource("jdbc:postgresql://127.0.0.1:18432/postgres", (String) v, "")).queryForList("select 1"), "shop_ro");
    rec("spring-jdbc/auth", "db", D, v -> new JdbcTemplate(new DriverManagerDataSource("jdbc:postgresql://127.0.0.1:18432/" + v, "postgres", "")).queryForList("select 1"), "shop");
    var h2 = new JdbcTemplate(new DriverManagerDataSource("jdbc:h2:mem:x;DB_CLOSE_DELAY=-1")); h2.execute("create table orders(id int primary key, email varchar unique, total int not null)");
    rec("h2/unique", "email", HH, v -> { h2.update("insert into orders values (" + v + ",'m" + v + "',1)"); return h2.update("insert into orders values (" + (1000 + (Integer) v) + ",'m" + v + "',1)"); }, 1, 22);
    rec("h2/notable", "carts", HH, v -> h2.queryForList("select * from carts where id = " + v), 1, 99);
    rec("h2/notable", "invoices", HH, v -> h2.queryForList("select * from invoices where id = " + v), 1, 99);
    rec("h2/conv", "int", HH, v -> h2.queryForList("select * from orders where id = '" + v + "'"), "abc", "zwei");
    var server = com.sun.net.httpserver.HttpServer.create(new java.net.InetSocketAddress("127.0.0.1", 18961), 0);
    server.createContext("/", x -> { String p = x.getRequestURI().getPath(); byte[] b = ("{\"error\":\"order " + p.length() + " is gone\",\"at\":\"" + Instant.now() + "\"}").getBytes(); x.sendResponseHeaders(Integer.parseInt(p.split("/")[1]), b.length); x.getResponseBody().write(b); x.close(); }); server.start();
    String W = "spring-web 6.1.12";
    for (String code : List.of("404", "503")) rec("spring-web/status", code, W, v -> new RestTemplate().getForObject("http://127.0.0.1:18961/" + code + "/orders/" + v, String.class), 1, 22);
    rec("spring-web/io", "refused", W, v -> new RestTemplate().getForObject("http://127.0.0.1:1/orders/" + v, String.class), 1, 22);
    rec("spring-web/io", "refused-carts", W, v -> new RestTemplate().getForObject("http://127.0.0.1:1/carts/" + v, String.class), 1, 22);
    server.stop(0); System.exit(0);
  }
}
