%% As much JSON as scenarios and results need: OTP 25 has none of its own. Objects are maps with binary keys,
%% strings binaries. Input that is not JSON, or has an escape other than of one character, is a crash.
-module(otp_peer_json).
-export([decode/1, encode/1]).

decode(Text) ->
    {Value, Rest} = value(skip(Text)),
    <<>> = skip(Rest),
    Value.

skip(<<C, Rest/binary>>) when C =:= $\s; C =:= $\t; C =:= $\r; C =:= $\n -> skip(Rest);
skip(Text) -> Text.

value(<<"{", Rest/binary>>) -> object(skip(Rest), #{});
value(<<"[", Rest/binary>>) -> array(skip(Rest), []);
value(<<"\"", Rest/binary>>) -> string(Rest, <<>>);
value(<<"true", Rest/binary>>) -> {true, Rest};
value(<<"false", Rest/binary>>) -> {false, Rest};
value(<<"null", Rest/binary>>) -> {null, Rest};
value(Text) -> number(Text, <<>>).

object(<<"}", Rest/binary>>, Members) -> {Members, Rest};
object(<<",", Rest/binary>>, Members) -> object(skip(Rest), Members);
object(<<"\"", Rest/binary>>, Members) ->
    {Key, AfterKey} = string(Rest, <<>>),
    <<":", AfterColon/binary>> = skip(AfterKey),
    {Value, AfterValue} = value(skip(AfterColon)),
    object(skip(AfterValue), Members#{Key => Value}).

array(<<"]", Rest/binary>>, Elements) -> {lists:reverse(Elements), Rest};
array(<<",", Rest/binary>>, Elements) -> array(skip(Rest), Elements);
array(Text, Elements) ->
    {Value, Rest} = value(Text),
    array(skip(Rest), [Value | Elements]).

string(<<"\"", Rest/binary>>, Text) -> {Text, Rest};
string(<<"\\", C, Rest/binary>>, Text) when C =:= $"; C =:= $\\; C =:= $/ -> string(Rest, <<Text/binary, C>>);
string(<<C, Rest/binary>>, Text) when C =/= $\\ -> string(Rest, <<Text/binary, C>>).

number(<<C, Rest/binary>>, Digits) when C =:= $-; C >= $0, C =< $9 -> number(Rest, <<Digits/binary, C>>);
number(Rest, Digits) -> {binary_to_integer(Digits), Rest}.

encode(Object) when is_map(Object) ->
    Members = [[encode(Key), $:, encode(Value)] || {Key, Value} <- maps:to_list(Object)],
    [${, lists:join($,, Members), $}];
encode(Elements) when is_list(Elements) -> [$[, lists:join($,, [encode(E) || E <- Elements]), $]];
encode(Number) when is_integer(Number) -> integer_to_binary(Number);
encode(Word) when is_atom(Word) -> atom_to_binary(Word);
encode(Text) when is_binary(Text) -> [$", [escape(C) || <<C>> <= Text], $"].

escape(C) when C =:= $"; C =:= $\\ -> [$\\, C];
escape(C) when C < $\s -> $\s;
escape(C) -> C.
