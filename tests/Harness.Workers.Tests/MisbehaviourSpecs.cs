using NUnit.Framework;

namespace Harness.Workers.Tests;

/// <summary>Each way a worker can go wrong is named rightly, its process is gone afterwards, and the harness goes on.</summary>
[Platform(Exclude = "Win")]
public class MisbehaviourSpecs
{
    private static readonly WorkerLimits Quick = new()
    {
        Hello = TimeSpan.FromSeconds(30),
        Load = TimeSpan.FromSeconds(30),
        Request = TimeSpan.FromSeconds(30),
    };

    private WorkerLauncher launcher = null!;

    [OneTimeSetUp]
    public void StartLauncher() => launcher = new WorkerLauncher();

    [OneTimeTearDown]
    public void StopLauncher() => launcher.Dispose();

    [TearDown]
    public void Nothing_is_left_over() =>
        Assert.That(Processes.DescendantsOfThisOne(), Is.Empty, "a zombie or an orphan remains");

    [Test]
    public async Task An_abort_is_a_crash_by_SIGABRT()
    {
        WorkerFailure failure = await FailureOfLoad("abort");
        Assert.Multiple(() =>
        {
            Assert.That(failure.KindName, Is.EqualTo("crash"));
            Assert.That(failure.SignalName, Is.EqualTo("SIGABRT"));
            Assert.That(failure.Suspected, Is.False);
            Assert.That(failure.Operation, Is.EqualTo("load"));
            Assert.That(failure.Message, Is.EqualTo("the worker was ended by SIGABRT before it had answered load"));
        });
    }

    [Test]
    public async Task A_segmentation_fault_is_a_crash_by_SIGSEGV_with_no_exit_status()
    {
        WorkerFailure failure = await FailureOfLoad("segfault");
        Assert.Multiple(() =>
        {
            Assert.That(failure.KindName, Is.EqualTo("crash"));
            Assert.That(failure.Signal, Is.EqualTo(11));
            Assert.That(failure.SignalName, Is.EqualTo("SIGSEGV"));
            Assert.That(failure.ExitCode, Is.Null);
        });
    }

    [Test]
    public async Task Exit_139_is_an_exit_status_and_no_segmentation_fault()
    {
        WorkerFailure failure = await FailureOfLoad("exit", "139");
        Assert.Multiple(() =>
        {
            Assert.That(failure.KindName, Is.EqualTo("error"));
            Assert.That(failure.Cause, Is.EqualTo(WorkerFailureCause.Exited));
            Assert.That(failure.ExitCode, Is.EqualTo(139));
            Assert.That(failure.Signal, Is.Null);
        });
    }

    [Test]
    public async Task Exit_0_without_an_answer_is_an_error()
    {
        WorkerFailure failure = await FailureOfLoad("exit", "0");
        Assert.Multiple(() =>
        {
            Assert.That(failure.KindName, Is.EqualTo("error"));
            Assert.That(failure.ExitCode, Is.Zero);
            Assert.That(failure.Message, Is.EqualTo("the worker ended with exit status 0 before it had answered load"));
        });
    }

    [Test]
    public async Task A_SIGKILL_nobody_here_sent_says_what_is_suspected_and_why()
    {
        WorkerFailure failure = await FailureOfLoad("self-kill");
        Assert.Multiple(() =>
        {
            Assert.That(failure.SignalName, Is.EqualTo("SIGKILL"));
            Assert.That(failure.Suspected, Is.True);
            Assert.That(failure.Doubt, Does.StartWith("killed by a SIGKILL the harness did not send"));

            // Where the kernel's counters can be read, they acquit memory; where not, memory is the likelier reason.
            bool acquitted = failure.Doubt!.Contains("did not rise", StringComparison.Ordinal);
            Assert.That(failure.KindName, Is.EqualTo(acquitted ? "crash" : "out-of-memory"));
        });
    }

    [Test]
    public async Task A_silent_hang_is_a_timeout_and_the_process_is_killed()
    {
        await using WorkerSession session = await Greeted(
            "hang", Quick with { Load = TimeSpan.FromMilliseconds(300) });
        WorkerFailure failure = await Failing(() => session.LoadAsync(Dummy.AnyModel));
        Assert.Multiple(() =>
        {
            Assert.That(failure.KindName, Is.EqualTo("timeout"));
            Assert.That(failure.Cause, Is.EqualTo(WorkerFailureCause.TimeLimit));
            Assert.That(failure.Message, Is.EqualTo("no answer to load within 0.3 s; killed"));
            Assert.That(failure.Signal, Is.Null, "the harness's own kill is no crash");
            Assert.That(Dummy.Exists(session.ProcessId), Is.False);
        });
    }

    [Test]
    public async Task A_busy_worker_that_reads_nothing_is_a_timeout()
    {
        await using WorkerSession session = launcher.Start(
            Dummy.Command("spin"), Quick with { Hello = TimeSpan.FromMilliseconds(500) });
        WorkerFailure failure = await Failing(() => session.HelloAsync());
        Assert.That(failure.KindName, Is.EqualTo("timeout"));
    }

    [Test]
    public async Task A_worker_that_never_says_anything_is_a_timeout()
    {
        await using WorkerSession session = launcher.Start(
            Dummy.Command("silence"), Quick with { Hello = TimeSpan.FromMilliseconds(500) });
        WorkerFailure failure = await Failing(() => session.HelloAsync());
        Assert.That(failure.KindName, Is.EqualTo("timeout"));
    }

    [Test]
    public async Task Silence_is_told_apart_from_slowness()
    {
        WorkerLimits limits = Quick with { Silence = TimeSpan.FromMilliseconds(1000) };
        await using (WorkerSession slow = await Greeted("slow-stream", limits))
        {
            await slow.LoadAsync(Dummy.AnyModel);
            Answer<GeneratedTokens> answer = await slow.GenerateAsync(new GenerateRequest([1], 8));
            Assert.That(answer.Value.Tokens, Has.Count.EqualTo(8));
            Assert.That(answer.WallClock, Is.GreaterThan(limits.Silence!.Value), "or the test shows nothing");
        }

        await using WorkerSession hung = await Greeted("hang", limits);
        WorkerFailure failure = await Failing(() => hung.LoadAsync(Dummy.AnyModel));
        Assert.That(failure.Cause, Is.EqualTo(WorkerFailureCause.Silence));
        Assert.That(failure.KindName, Is.EqualTo("timeout"));
    }

    [Test]
    [Platform("Linux")]
    public async Task Memory_beyond_the_limit_is_out_of_memory_long_before_it_is_all_taken()
    {
        await using WorkerSession session = await Greeted("grow", Quick with { ResidentBytes = 300L << 20 });
        WorkerFailure failure = await Failing(() => session.LoadAsync(Dummy.AnyModel));
        WorkerEnd end = await session.Ended;
        Assert.Multiple(() =>
        {
            Assert.That(failure.KindName, Is.EqualTo("out-of-memory"));
            Assert.That(failure.Cause, Is.EqualTo(WorkerFailureCause.MemoryLimit));
            Assert.That(failure.Suspected, Is.False);
            Assert.That(failure.Message, Does.Contain("passed the limit of 300 MiB"));
            Assert.That(end.Peak!.Bytes, Is.InRange(300L << 20, 1200L << 20));
        });
    }

    [Test]
    [Platform("Linux")]
    public async Task Memory_taken_by_a_workers_child_counts_and_both_are_ended()
    {
        await using WorkerSession session = await Greeted("grow-by-proxy", Quick with { ResidentBytes = 400L << 20 });
        WorkerFailure failure = await Failing(() => session.LoadAsync(Dummy.AnyModel));
        Assert.That(failure.Cause, Is.EqualTo(WorkerFailureCause.MemoryLimit));
    }

    [TestCase("garbage", "ggml_cuda_init: found 1 device")]
    [TestCase("binary", "\\x00\\x01\\x02\\xFF\\xFE\\x1B[2J")]
    [TestCase("wrong-id", "answered request 77")]
    [TestCase("unknown-shape", "no event, result or error")]
    [TestCase("wrong-protocol", "protocol version 99")]
    [TestCase("nan", "NaN")]
    [TestCase("deep", "[[[[")]
    [TestCase("endless-line", "longer than 16 MiB")]
    [TestCase("close-stdout", "closed its stdout while still running")]
    public async Task Output_that_breaks_the_protocol_is_an_error_that_quotes_it(string behaviour, string quoted)
    {
        await using WorkerSession session = launcher.Start(Dummy.Command(behaviour), Quick);
        WorkerFailure failure = await Failing(() => session.HelloAsync());
        Assert.Multiple(() =>
        {
            Assert.That(failure.KindName, Is.EqualTo("error"));
            Assert.That(failure.Cause, Is.EqualTo(WorkerFailureCause.Protocol));
            Assert.That(failure.Message, Does.Contain(quoted));
            Assert.That(failure.Message.Length, Is.LessThan(1000));
            Assert.That(failure.Message.Any(char.IsControl), Is.False);
        });
    }

    [Test]
    public async Task An_answer_nobody_asked_for_ends_the_session()
    {
        await using WorkerSession session = launcher.Start(Dummy.Command("unasked"), Quick);
        await session.HelloAsync();
        WorkerEnd end = await session.Ended;
        Assert.That(end.Failure!.Cause, Is.EqualTo(WorkerFailureCause.Protocol));
        WorkerFailure failure = await Failing(() => session.LoadAsync(Dummy.AnyModel));
        Assert.That(failure.Message, Does.Contain("answered request 9, which is not under way"));
    }

    [Test]
    public async Task Nothing_on_stdout_and_exit_0_is_an_error()
    {
        await using WorkerSession session = launcher.Start(Dummy.Command("silent-exit"), Quick);
        WorkerFailure failure = await Failing(() => session.HelloAsync());
        Assert.That(failure.Cause, Is.EqualTo(WorkerFailureCause.Exited));
        Assert.That(failure.ExitCode, Is.Zero);
    }

    [Test]
    public async Task Half_a_line_is_quoted()
    {
        await using WorkerSession session = launcher.Start(Dummy.Command("half-line"), Quick);
        WorkerFailure failure = await Failing(() => session.HelloAsync());
        Assert.That(failure.Cause, Is.EqualTo(WorkerFailureCause.Exited));
        Assert.That(failure.Message, Does.EndWith("""unfinished line was "{\x22id\x22:1,\x22resu" """.TrimEnd()));
    }

    [TestCase("exit-mid-stream", "error")]
    [TestCase("kill-mid-stream", "")]
    public async Task Tokens_that_came_before_the_end_are_kept(string behaviour, string kind)
    {
        await using WorkerSession session = await Greeted(behaviour, Quick);
        await session.LoadAsync(Dummy.AnyModel);
        List<int> seen = [];
        WorkerFailure failure = await Failing(
            () => session.GenerateAsync(new GenerateRequest([10], 9), token => seen.Add(token.Id)));
        Assert.That(seen, Is.EqualTo(new[] { 11, 12, 13 }));
        Assert.That(failure.Operation, Is.EqualTo("generate"));
        if (kind.Length > 0)
            Assert.That(failure.KindName, Is.EqualTo(kind));
    }

    [Test]
    public async Task A_hundred_megabytes_of_log_do_not_block_and_are_kept_in_part()
    {
        await using WorkerSession session = await Greeted("flood-stderr", Quick);
        await session.LoadAsync(Dummy.AnyModel);
        WorkerEnd end = await session.ExitAsync();
        Assert.Multiple(() =>
        {
            Assert.That(end.Failure, Is.Null);
            Assert.That(end.StderrBytes, Is.GreaterThan(100L << 20));
            Assert.That(end.Stderr.Length, Is.LessThan(100 << 10));
            Assert.That(end.Stderr, Does.StartWith("the first line of the log\n"));
            Assert.That(end.Stderr, Does.EndWith("the last line of the log\n"));
            Assert.That(end.Stderr, Does.Contain("bytes left out"));
        });
    }

    [Test]
    public async Task A_grandchild_that_holds_the_pipes_neither_delays_nor_survives()
    {
        await using WorkerSession session = await Greeted("grandchild", Quick);
        await session.LoadAsync(Dummy.AnyModel);
        WorkerEnd end = await session.ExitAsync().WaitAsync(TimeSpan.FromSeconds(5));
        int grandchild = int.Parse(end.Stderr.Trim()["grandchild ".Length..]);
        Assert.That(end.Failure, Is.Null);
        Assert.That(await Dummy.Eventually(() => !Processes.IsRunning(grandchild)), Is.True);
    }

    [Test]
    public async Task What_native_code_prints_goes_to_the_log_and_not_into_the_protocol()
    {
        await using WorkerSession session = await Greeted("print-natively", Quick);
        await session.LoadAsync(Dummy.AnyModel);
        await session.GenerateAsync(new GenerateRequest([1], 3));
        WorkerEnd end = await session.ExitAsync();
        Assert.That(end.Failure, Is.Null);
        Assert.That(end.Stderr, Does.Contain("prints where it likes"));
    }

    [Test]
    public async Task A_worker_that_says_goodbye_and_stays_is_killed()
    {
        await using WorkerSession session = await Greeted(
            "refuse-to-exit", Quick with { Exit = TimeSpan.FromMilliseconds(300) });
        WorkerEnd end = await session.ExitAsync();
        Assert.That(end.Failure!.KindName, Is.EqualTo("timeout"));
        Assert.That(end.Failure.Message, Does.StartWith("answered exit, but was still running"));
    }

    [Test]
    public async Task A_crash_after_all_was_answered_is_told_at_the_end()
    {
        await using WorkerSession session = await Greeted("crash-at-exit", Quick);
        await session.LoadAsync(Dummy.AnyModel);
        WorkerEnd end = await session.ExitAsync();
        Assert.That(end.Failure!.SignalName, Is.EqualTo("SIGSEGV"));
        Assert.That(end.Failure.Message, Does.EndWith("on its way out, after it had answered exit"));
    }

    [Test]
    public async Task A_backend_that_cannot_be_created_says_so_in_words()
    {
        await using WorkerSession session = launcher.Start(Dummy.Command("no-backend"), Quick);
        WorkerFailure failure = await Failing(() => session.HelloAsync());
        Assert.That(failure.Cause, Is.EqualTo(WorkerFailureCause.Reported));
        Assert.That(failure.Message, Does.Contain("libllama.so: no such file"));
    }

    [Test]
    public async Task A_reported_failure_leaves_the_session_of_use()
    {
        await using WorkerSession session = await Greeted("scripted", Quick);
        WorkerFailure unknown = await Failing(
            () => session.LoadAsync(Dummy.AnyModel with { Path = "unknown-architecture" }));
        WorkerFailure broken = await Failing(() => session.LoadAsync(Dummy.AnyModel with { Path = "broken" }));
        LoadedModel model = (await session.LoadAsync(Dummy.AnyModel)).Value;
        WorkerEnd end = await session.ExitAsync();
        Assert.Multiple(() =>
        {
            Assert.That(unknown.KindName, Is.EqualTo("unsupported"));
            Assert.That(unknown.Message, Is.EqualTo("unknown model architecture: 'mystery'"));
            Assert.That(broken.KindName, Is.EqualTo("error"));
            Assert.That(broken.Message, Does.Contain("blk.0.attn_q.weight"));
            Assert.That(model.Architecture, Is.EqualTo("scripted"));
            Assert.That(end.Failure, Is.Null);
            Assert.That(end.Peak, Is.Null, "of several loads in one process no peak is any one's");
        });
    }

    [Test]
    public async Task A_request_too_large_for_the_pipe_does_not_block_a_worker_that_stopped_reading()
    {
        await using WorkerSession session = launcher.Start(
            Dummy.Command("stop-reading"), Quick with { Request = TimeSpan.FromMilliseconds(500) });
        await session.HelloAsync();
        WorkerFailure failure = await Failing(() => session.TokenizeAsync(new string('x', 4 << 20), false, false));
        Assert.That(failure.KindName, Is.EqualTo("timeout"));
    }

    [Test]
    public async Task Cancelling_a_request_kills_the_worker()
    {
        await using WorkerSession session = await Greeted("hang", Quick);
        using CancellationTokenSource cancel = new(TimeSpan.FromMilliseconds(100));
        Assert.That(
            async () => await session.LoadAsync(Dummy.AnyModel, cancel.Token),
            Throws.InstanceOf<OperationCanceledException>());
        WorkerEnd end = await session.Ended.WaitAsync(TimeSpan.FromSeconds(2));
        Assert.That(end.Signal, Is.EqualTo(9));
    }

    [Test]
    public async Task A_callers_own_exception_comes_back_to_the_caller()
    {
        await using WorkerSession session = await Greeted("scripted", Quick);
        await session.LoadAsync(Dummy.AnyModel);
        Assert.That(
            async () => await session.GenerateAsync(
                new GenerateRequest([1], 3), _ => throw new InvalidTimeZoneException("mine")),
            Throws.TypeOf<InvalidTimeZoneException>());
    }

    [Test]
    public void A_program_that_does_not_exist_is_the_harness_own_error_and_is_named()
    {
        WorkerException? e = Assert.Throws<WorkerException>(
            () => launcher.Start(new WorkerCommand("no-such-program-here", ["--x"])));
        Assert.That(e!.Failure.KindName, Is.EqualTo("harness-error"));
        Assert.That(e.Failure.Message, Does.Contain("no-such-program-here"));
    }

    private async Task<WorkerSession> Greeted(string behaviour, WorkerLimits limits)
    {
        WorkerSession session = launcher.Start(Dummy.Command(behaviour), limits);
        await session.HelloAsync();
        return session;
    }

    private async Task<WorkerFailure> FailureOfLoad(params string[] behaviour)
    {
        await using WorkerSession session = launcher.Start(Dummy.Command(behaviour), Quick);
        await session.HelloAsync();
        WorkerFailure failure = await Failing(() => session.LoadAsync(Dummy.AnyModel));
        Assert.That(Dummy.Exists(session.ProcessId), Is.False);
        Assert.That(session.IsAlive, Is.False);
        return failure;
    }

    private static async Task<WorkerFailure> Failing(Func<Task> request)
    {
        try
        {
            await request();
        }
        catch (WorkerException e)
        {
            return e.Failure;
        }

        Assert.Fail("the request did not fail");
        throw new InvalidOperationException();
    }
}
