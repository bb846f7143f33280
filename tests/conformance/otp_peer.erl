%% The real Erlang/OTP supervisor as a peer of otp-driver: one scenario a line in, one result a line out
%% (docs/otp-scenarios.md), until the end of the input. Scenarios run side by side, so results come in any
%% order; their "id" tells them apart.
%%
%% Every supervisor is OTP's own, every worker a real process. What happens is known without touching the
%% supervisors: starts are recorded by the start functions, which run inside the supervisor, and ends by
%% tracing; both carry a number of one strictly increasing sequence, so their order is the order of causes.
%%
%% Use: erl -noinput -pa DIRECTORY -run otp_peer main
-module(otp_peer).
-behaviour(supervisor).
-export([main/0, init/1, start_supervisor/2, start_worker/2, start_worker/3]).

-define(SIDE_BY_SIDE, 24).
-define(NEVER_MOVES_MS, 20000).  % longer than any grace: whatever moves after that will never stop

%% What the processes of one scenario share. `book`: starts by sequence number, and by key:
%% {attempts, Name}, {incarnation, Name}, {latest, Name}, {process, Pid}.
-record(world, {book, owner}).

main() ->
    logger:set_primary_config(level, none),
    process_flag(trap_exit, true),
    Port = open_port({fd, 0, 1}, [{line, 65536}, binary, eof]),
    serve(Port, <<>>, [], 0, false).

serve(Port, _, [], 0, true) ->
    port_close(Port),
    halt(0, [{flush, true}]);
serve(Port, Partial, [Line | Waiting], Running, Ended) when Running < ?SIDE_BY_SIDE ->
    Server = self(),
    spawn_link(fun() -> Server ! {result, answer(Line)} end),
    serve(Port, Partial, Waiting, Running + 1, Ended);
serve(Port, Partial, Waiting, Running, Ended) ->
    receive
        {Port, {data, {noeol, Part}}} -> serve(Port, <<Partial/binary, Part/binary>>, Waiting, Running, Ended);
        {Port, {data, {eol, Part}}} ->
            serve(Port, <<>>, Waiting ++ [<<Partial/binary, Part/binary>>], Running, Ended);
        {Port, eof} -> serve(Port, <<>>, Waiting, Running, true);
        {result, Result} ->
            try port_command(Port, [Result, $\n]) catch error:badarg -> halt(1) end,  % nobody reads any more
            serve(Port, Partial, Waiting, Running - 1, Ended);
        {'EXIT', Port, _} -> halt(1);
        {'EXIT', _, normal} -> serve(Port, Partial, Waiting, Running, Ended)
    end.

answer(Line) ->
    Scenario = otp_peer_json:decode(Line),
    try
        otp_peer_json:encode(run(Scenario))
    catch
        Class:Reason:Stack ->
            What = io_lib:format("~0p:~0p ~0p", [Class, Reason, Stack]),
            otp_peer_json:encode(#{<<"id">> => maps:get(<<"id">>, Scenario, null),
                                   <<"error">> => unicode:characters_to_binary(What)})
    end.

%% ---- A scenario ---------------------------------------------------------------------------------------

run(#{<<"id">> := Id, <<"root">> := Root} = Scenario) ->
    process_flag(trap_exit, true),
    World = #world{book = ets:new(book, [ordered_set, public]), owner = self()},
    Names = names(Root, none, #{}),
    {Result, Pid} = case start_supervisor(World, Root) of
                        {ok, Started} -> {<<"ok">>, Started};
                        {error, _} -> {<<"error">>, none}
                    end,
    settle(World, Pid),
    Start = snapshot(World, Pid, Names, #{<<"result">> => Result}),
    Run = #{world => World, root => Pid, names => Names, number => 0},
    {Steps, Last} = steps(maps:get(<<"steps">>, Scenario, []), Run, []),
    #{<<"id">> => Id, <<"start">> => Start, <<"steps">> => Steps, <<"final">> => finish(Last)}.

steps([Step | Rest], #{world := World, root := Root, names := Names, number := Number} = Run, Done) ->
    case alive(Root) of
        false -> {lists:reverse(Done), Run};
        true ->
            Begin = erlang:monotonic_time(millisecond),
            More = named_by(Step, Names),
            Result = step(Step, World, More),
            settle(World, Root),
            Taken = snapshot(World, Root, More, #{<<"result">> => Result}),
            Full = Taken#{<<"step">> => Number, <<"op">> => maps:get(<<"op">>, Step),
                          <<"ms">> => erlang:monotonic_time(millisecond) - Begin},
            steps(Rest, Run#{names := More, number := Number + 1}, [Full | Done])
    end;
steps([], Run, Done) ->
    {lists:reverse(Done), Run}.

finish(#{world := World, root := Root, names := Names}) ->
    case alive(Root) of
        false -> null;
        true ->
            exit(Root, shutdown),
            receive {'EXIT', Root, _} -> ok end,
            settle(World, Root),
            snapshot(World, Root, Names, #{})
    end.

alive(none) -> false;
alive(Pid) -> is_process_alive(Pid).

%% The nodes a snapshot speaks of, each with the name of its supervisor. A template and its name are none.
names(#{<<"name">> := Name} = Node, Parent, Names) ->
    Children = case maps:get(<<"strategy">>, Node, none) of
                   <<"simple_one_for_one">> -> [];
                   _ -> maps:get(<<"children">>, Node, [])
               end,
    lists:foldl(fun(Child, Known) -> names(Child, Name, Known) end, Names#{Name => Parent}, Children).

named_by(#{<<"op">> := <<"start_child">>, <<"sup">> := Parent, <<"instance">> := Name}, Names) ->
    Names#{Name => Parent};
named_by(#{<<"op">> := <<"start_child">>, <<"sup">> := Parent, <<"spec">> := Spec}, Names) ->
    names(Spec, Parent, Names);
named_by(#{<<"then">> := Step}, Names) -> named_by(Step, Names);
named_by(_, Names) -> Names.

%% ---- Steps --------------------------------------------------------------------------------------------

step(#{<<"op">> := <<"advance">>, <<"ms">> := Ms}, _, _) ->
    timer:sleep(Ms),
    <<"ok">>;
step(#{<<"op">> := <<"batch">>, <<"deaths">> := Deaths} = Step, World, Names) ->
    batch(Deaths, maps:get(<<"then">>, Step, none), World, Names);
step(#{<<"op">> := How, <<"node">> := Name}, World, Names) ->
    case batch([#{<<"node">> => Name, <<"how">> => How}], none, World, Names) of
        [Result] -> Result;
        <<"noproc">> -> <<"not_running">>
    end;
step(#{<<"sup">> := Supervisor} = Request, World, _) ->
    ask(Request, World, running(Supervisor, World)).

%% The supervisor is suspended until every death, and then the request, is in its mailbox.
batch([#{<<"node">> := First} | _] = Deaths, Then, World, Names) ->
    case running(maps:get(First, Names, none), World) of
        none -> <<"noproc">>;
        Supervisor ->
            ok = sys:suspend(Supervisor, infinity),
            Results = [die(Death, World, Supervisor) || Death <- Deaths],
            Asked = queue(Then, World, Supervisor),
            ok = sys:resume(Supervisor, infinity),
            Results ++ [receive {Asked, Answer} -> Answer end || Asked =/= none]
    end.

die(#{<<"node">> := Name, <<"how">> := How}, World, Supervisor) ->
    case running(Name, World) of
        none -> <<"not_running">>;
        Pid ->
            Pid ! {die, case How of
                            <<"kill">> -> crash;
                            <<"exit">> -> normal;
                            <<"exit_shutdown">> -> shutdown
                        end},
            until_queued(Supervisor, fun({'EXIT', From, _}) -> From =:= Pid; (_) -> false end),
            <<"ok">>
    end.

queue(none, _, _) -> none;
queue(Request, World, Supervisor) ->
    Owner = self(),
    Asked = make_ref(),
    Caller = spawn_link(fun() -> Owner ! {Asked, ask(Request, World, Supervisor)} end),
    until_queued(Supervisor, fun({'$gen_call', {From, _}, _}) -> From =:= Caller; (_) -> false end),
    Asked.

until_queued(Pid, Wanted) ->
    {messages, Messages} = process_info(Pid, messages),
    case lists:any(Wanted, Messages) of
        true -> ok;
        false -> erlang:yield(), until_queued(Pid, Wanted)
    end.

ask(_, _, none) -> <<"noproc">>;
ask(Request, World, Supervisor) ->
    try call(Request, World, Supervisor) of
        ok -> <<"ok">>;
        {ok, _} -> <<"ok">>;
        {error, {already_started, _}} -> <<"already_started">>;
        {error, {bad_combination, _}} -> <<"bad_spec">>;
        {error, Known} when Known =:= running; Known =:= restarting; Known =:= not_found;
                            Known =:= already_present; Known =:= simple_one_for_one ->
            atom_to_binary(Known);
        {error, _} -> <<"start_failed">>
    catch
        exit:_ -> <<"noproc">>
    end.

call(#{<<"op">> := <<"start_child">>, <<"instance">> := Name}, _, Supervisor) ->
    supervisor:start_child(Supervisor, [Name]);
call(#{<<"op">> := <<"start_child">>, <<"spec">> := Spec}, World, Supervisor) ->
    supervisor:start_child(Supervisor, child(World, Spec));
call(#{<<"op">> := <<"restart_child">>, <<"child">> := Name}, _, Supervisor) ->
    supervisor:restart_child(Supervisor, Name);
call(#{<<"op">> := <<"delete_child">>, <<"child">> := Name}, _, Supervisor) ->
    supervisor:delete_child(Supervisor, Name);
call(#{<<"op">> := <<"terminate_child">>, <<"sup">> := Parent, <<"child">> := Name}, World, Supervisor) ->
    %% Instances are known by their process: the latest one of that name.
    Simple = ets:member(World#world.book, {simple, Parent}),
    case Simple andalso ets:lookup(World#world.book, {latest, Name}) of
        [{_, Pid}] -> supervisor:terminate_child(Supervisor, Pid);
        _ -> supervisor:terminate_child(Supervisor, Name)
    end.

%% ---- The tree -----------------------------------------------------------------------------------------

init({World, #{<<"name">> := Name} = Supervisor}) ->
    trace(World),
    Strategy = word(<<"strategy">>, Supervisor, one_for_one),
    Children = maps:get(<<"children">>, Supervisor, []),
    [ets:insert(World#world.book, {{simple, Name}}) || Strategy =:= simple_one_for_one],
    {ok, {#{strategy => Strategy,
            intensity => maps:get(<<"intensity">>, Supervisor, 1),
            period => maps:get(<<"period">>, Supervisor, 5),
            auto_shutdown => word(<<"auto_shutdown">>, Supervisor, never)},
          [child(World, Child) || Child <- Children]}}.

child(World, #{<<"name">> := Name} = Child) ->
    Type = word(<<"type">>, Child, worker),
    {Start, Shutdown} = case Type of
                            worker -> {start_worker, 5000};
                            supervisor -> {start_supervisor, infinity}
                        end,
    #{id => Name,
      start => {?MODULE, Start, [World, Child]},
      restart => word(<<"restart">>, Child, permanent),
      significant => maps:get(<<"significant">>, Child, false),
      shutdown => case maps:get(<<"shutdown">>, Child, Shutdown) of
                      Time when is_binary(Time) -> binary_to_existing_atom(Time);
                      Time -> Time
                  end,
      type => Type}.

word(Key, Map, Default) ->
    case Map of
        #{Key := Word} -> binary_to_existing_atom(Word);
        #{} -> Default
    end.

start_supervisor(World, #{<<"name">> := Name} = Supervisor) ->
    case supervisor:start_link(?MODULE, {World, Supervisor}) of
        {ok, Pid} ->
            started(World, Name, Pid),
            {ok, Pid};
        {error, Reason} ->
            start_failed(World, Name),
            {error, Reason}
    end.

start_worker(World, #{<<"name">> := Name} = Worker) -> start_worker(World, Worker, Name).

start_worker(World, Worker, Name) ->
    Attempt = ets:update_counter(World#world.book, {attempts, Name}, 1, {{attempts, Name}, 0}),
    case fails(maps:get(<<"start">>, Worker, <<"ok">>), Attempt) of
        true ->
            start_failed(World, Name),
            {error, does_not_start};
        false ->
            Parent = self(),
            Ignores = maps:get(<<"ignore_stop">>, Worker, false),
            Ready = make_ref(),
            Pid = spawn_link(fun() ->
                                     process_flag(trap_exit, true),
                                     trace(World),
                                     Parent ! Ready,
                                     work(Parent, Ignores)
                             end),
            receive Ready -> ok end,
            started(World, Name, Pid),
            {ok, Pid}
    end.

fails(<<"ok">>, _) -> false;
fails(<<"fail">>, _) -> true;
fails(#{<<"fail_restarts">> := K}, Attempt) -> Attempt >= 2 andalso Attempt =< K + 1;
fails(#{<<"fail_attempts">> := Attempts}, Attempt) -> lists:member(Attempt, Attempts).

work(Parent, Ignores) ->
    receive
        {die, Reason} -> exit(Reason);
        {'EXIT', Parent, shutdown} when Ignores -> work(Parent, Ignores);
        {'EXIT', Parent, Reason} -> exit(Reason)
    end.

trace(#world{owner = Owner}) ->
    erlang:trace(self(), true, [procs, strict_monotonic_timestamp, {tracer, Owner}]).

%% ---- What happened ------------------------------------------------------------------------------------

started(#world{book = Book}, Name, Pid) ->
    ets:update_counter(Book, {incarnation, Name}, 1, {{incarnation, Name}, 0}),
    ets:insert(Book, [{{latest, Name}, Pid},
                      {{process, Pid}, Name},
                      {erlang:unique_integer([monotonic]), [<<"start">>, Name]}]).

start_failed(#world{book = Book}, Name) ->
    ets:insert(Book, {erlang:unique_integer([monotonic]), [<<"start_failed">>, Name]}).

%% The process of that name, if it lives.
running(Name, #world{book = Book}) ->
    case ets:lookup(Book, {latest, Name}) of
        [{_, Pid}] -> case is_process_alive(Pid) of
                          true -> Pid;
                          false -> none
                      end;
        [] -> none
    end.

events(#world{book = Book}) ->
    Delivered = erlang:trace_delivered(all),
    receive {trace_delivered, all, Delivered} -> ok end,
    Starts = ets:select(Book, [{{'$1', '$2'}, [{is_integer, '$1'}], [{{'$1', '$2'}}]}]),
    ets:select_delete(Book, [{{'$1', '_'}, [{is_integer, '$1'}], [true]}]),
    [Event || {_, Event} <- lists:sort(Starts ++ ends(Book))].

ends(Book) ->
    receive
        {trace_ts, Pid, exit, Reason, {_, Number}} ->
            case ets:take(Book, {process, Pid}) of  % one whose start failed is not in the book
                [{_, Name}] ->
                    ets:insert(Book, {{ended, Pid}, reason(Reason)}),
                    [{Number, [<<"stop">>, Name, reason(Reason)]} | ends(Book)];
                [] -> ends(Book)
            end;
        Trace when element(1, Trace) =:= trace_ts -> ends(Book)
    after 0 -> []
    end.

reason(Reason) when is_atom(Reason) -> atom_to_binary(Reason);
reason({Reason, _}) -> reason(Reason).

%% ---- Snapshots ----------------------------------------------------------------------------------------

%% Nothing moves when every supervisor of the tree waits for its next message, has none, and every process
%% ever started is in the tree or gone. A supervisor that is about to end is found by its parent's list.
settle(World, Root) -> settle(World, Root, erlang:monotonic_time(millisecond) + ?NEVER_MOVES_MS).

settle(World, Root, Deadline) ->
    case settled(World, Root) orelse erlang:monotonic_time(millisecond) > Deadline of
        true -> ok;
        false ->
            receive after 1 -> ok end,
            settle(World, Root, Deadline)
    end.

settled(#world{book = Book}, Root) ->
    try tree(Root) of
        Tree ->
            Known = [Pid || {Pid, _, _} <- Tree],
            Strangers = [Pid || [Pid] <- ets:match(Book, {{process, '$1'}, '_'}), is_process_alive(Pid)] -- Known,
            Strangers =:= [] andalso lists:all(fun idle/1, Tree)
    catch
        exit:_ -> false
    end.

idle({Pid, supervisor, Children}) ->
    Waits = [{status, waiting}, {message_queue_len, 0}, {current_function, {gen_server, loop, 7}}],
    not lists:keymember(restarting, 2, Children) andalso
        process_info(Pid, [status, message_queue_len, current_function]) =:= Waits;
idle({Pid, worker, _}) ->
    is_process_alive(Pid).

%% Processes from the root downwards: {Pid, Type, Children}.
tree(none) -> [];
tree(Root) ->
    case is_process_alive(Root) of
        true -> tree(Root, supervisor);
        false -> []
    end.

tree(Pid, worker) -> [{Pid, worker, []}];
tree(Pid, supervisor) ->
    Children = supervisor:which_children(Pid),
    [{Pid, supervisor, Children} |
     lists:append([tree(Child, Type) || {_, Child, Type, _} <- Children, is_pid(Child)])].

snapshot(World, Root, Names, Extra) ->
    Tree = tree(Root),
    Events = events(World),
    Book = World#world.book,
    Strangers = [Name || [Pid, Name] <- ets:match(Book, {{process, '$1'}, '$2'}),
                         not lists:keymember(Pid, 1, Tree)],
    States = maps:from_list(
               [{Id, <<"stopped">>} || {_, _, Children} <- Tree, {Id, Child, _, _} <- Children, not is_pid(Child)] ++
               [{Name, <<"running">>} || {Pid, _, _} <- Tree, {_, Name} <- ets:lookup(Book, {process, Pid})]),
    Nodes = maps:map(fun(Name, _) -> [maps:get(Name, States, <<"absent">>), incarnation(Name, Book)] end, Names),
    Leaked = [{<<"leaked">>, Strangers} || Strangers =/= []],
    maps:merge(Extra#{<<"events">> => Events, <<"nodes">> => Nodes, <<"root">> => root(Root, Book)},
               maps:from_list(Leaked)).

incarnation(Name, Book) ->
    case ets:lookup(Book, {incarnation, Name}) of
        [{_, Incarnation}] -> Incarnation;
        [] -> 0
    end.

root(none, _) -> <<"failed">>;
root(Root, Book) ->
    case ets:lookup(Book, {ended, Root}) of
        [{_, Reason}] -> <<"dead:", Reason/binary>>;
        [] -> <<"running">>
    end.
