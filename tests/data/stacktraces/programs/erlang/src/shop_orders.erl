%MOVE
-module(shop_orders).
-export([place/2, total/1, refund/1, ship/1, status/1, descend/2, find/1, setting/1, parse/1, apply_to/2, thrown/1, left/1, validate/1, local/1, missing/1, guarded/1]).

place(Order, Count) ->
    %MOVE
    Item = take(Order),
    Item div (Count - Count).

take(Order) when is_integer(Order) -> Order.

total(Lines) ->
    %EXTRA
    lists:map(fun(Line) -> lists:sum([Amount + 0 || Amount <- [Line]]) end, Lines).

refund(Payment) ->
    maps:get(amount, Payment).

ship(Parcel) ->
    %MOVE
    maps:get(amount, Parcel).

status(Order) ->
    case Order of
        {open, _} -> open;
        closed -> closed
    end.

descend(0, Id) -> error({too_deep, Id});
descend(Depth, Id) -> 1 + descend(Depth - 1, Id).

find(Id) -> error({not_found, order, Id}).

missing(Id) -> error({not_found, user, Id}).

validate(Field) -> error(badarg, [Field]).

setting(Name) -> maps:get(Name, #{}).

parse(Text) -> binary_to_integer(Text).

apply_to(Fun, Order) -> Fun(Order).

thrown(Id) -> throw({no_order, Id}).

left(Id) -> exit({shutdown, Id}).

local(Id) ->
    Check = fun Loop(0) -> error({rule_broken, Id});
                Loop(N) -> 1 + Loop(N - 1) end,
    Check(2).

guarded(N) when N > 0 -> ok.
