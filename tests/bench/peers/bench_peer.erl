%% tests/bench/peers/bench_peer.erl
%%
%% The same job for Erlang/OTP: a one_for_one supervisor with N children, each a gen_server that owns a port program. A
%% worker that ends closes its port, its gen_server stops with {shutdown, Status} (no report is logged for that) and the
%% supervisor starts it again. SIGTERM stops the supervisor and then the machine.
-module(bench_peer).
-behaviour(supervisor).
-export([main/0, init/1]).
%% As a gen_server and as a handler of signals the module has the same init/1, told apart by its argument.
-export([start_worker/2, handle_call/3, handle_cast/2, handle_info/2, handle_event/2, handle_call/2]).

main() ->
    [Count, Worker, Prefix, Suffix] = init:get_plain_arguments(),
    Starter = self(),
    spawn(fun() ->
                  process_flag(trap_exit, true),
                  gen_event:delete_handler(erl_signal_server, erl_signal_handler, []),
                  ok = gen_event:add_handler(erl_signal_server, ?MODULE, {signals, self()}),
                  {ok, Supervisor} =
                      supervisor:start_link(?MODULE, {tree, list_to_integer(Count), Worker, Prefix, Suffix}),
                  Starter ! started,
                  receive stop -> ok end,
                  exit(Supervisor, shutdown),
                  receive {'EXIT', Supervisor, _} -> ok end,
                  halt(0, [{flush, false}])
          end),
    receive started -> ok end.

init({tree, Count, Worker, Prefix, Suffix}) ->
    Child = fun(Id) ->
                    Argument = Prefix ++ integer_to_list(Id) ++ Suffix,
                    #{id => Id, start => {?MODULE, start_worker, [Worker, Argument]}, restart => permanent}
            end,
    {ok, {#{strategy => one_for_one, intensity => 1000000000, period => 1},
          [Child(Id) || Id <- lists:seq(0, Count - 1)]}};
init({signals, Listener}) ->
    {ok, Listener};
init({worker, Worker, Argument}) ->
    {ok, open_port({spawn_executable, Worker}, [{args, [Argument]}, exit_status])}.

start_worker(Worker, Argument) ->
    gen_server:start_link(?MODULE, {worker, Worker, Argument}, []).

handle_info({Port, {exit_status, Status}}, Port) ->
    {stop, {shutdown, Status}, Port};
handle_info(_, State) ->
    case is_port(State) of
        true -> {noreply, State};
        false -> {ok, State}
    end.

handle_call(_, _, State) -> {reply, ok, State}.
handle_cast(_, State) -> {noreply, State}.

handle_event(sigterm, Listener) -> Listener ! stop, {ok, Listener};
handle_event(_, Listener) -> {ok, Listener}.
handle_call(_, Listener) -> {ok, ok, Listener}.
