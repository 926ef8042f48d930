using System.Text;
using Harness.Workers.Protocol;
using NUnit.Framework;

namespace Harness.Workers.Tests;

/// <summary>Whatever a worker writes, in whatever pieces, is read whole or refused, and never without bound.</summary>
public class BoundedReadingSpecs
{
    [Test]
    public void Lines_come_out_the_same_however_the_bytes_are_cut()
    {
        Random random = new(11);
        for (int round = 0; round < 500; round++)
        {
            string[] lines = [.. Enumerable.Range(0, random.Next(1, 20))
                .Select(_ => new string((char)('a' + random.Next(26)), random.Next(0, 300)))];
            string unfinished = new('z', random.Next(0, 50));
            byte[] bytes = Encoding.ASCII.GetBytes(string.Concat(lines.Select(l => l + "\n")) + unfinished);
            LineBuffer buffer = new(300);
            List<string> read = [];
            for (int at = 0; at < bytes.Length;)
            {
                int count = Math.Min(bytes.Length - at, random.Next(1, 400));
                buffer.Append(bytes.AsSpan(at, count), line =>
                {
                    read.Add(Encoding.ASCII.GetString(line));
                    return true;
                });
                at += count;
            }

            Assert.That(read, Is.EqualTo(lines));
            Assert.That(Encoding.ASCII.GetString(buffer.Partial), Is.EqualTo(unfinished));
            Assert.That(buffer.Overflowed, Is.False);
        }
    }

    [TestCase(1)]
    [TestCase(7)]
    [TestCase(1000)]
    public void A_line_beyond_the_limit_is_refused_and_not_stored(int pieces)
    {
        LineBuffer buffer = new(100);
        byte[] bytes = new byte[1000];
        Array.Fill(bytes, (byte)'x');
        bytes[^1] = (byte)'\n';
        for (int i = 0; i < pieces; i++)
            buffer.Append(bytes.AsSpan(i * 1000 / pieces, ((i + 1) * 1000 / pieces) - (i * 1000 / pieces)), _ => true);
        Assert.That(buffer.Overflowed, Is.True);
        Assert.That(buffer.Partial.Length, Is.LessThanOrEqualTo(100));
    }

    [Test]
    public void A_log_keeps_its_first_and_its_last_bytes_however_it_is_written()
    {
        Random random = new(12);
        foreach (int size in new[] { 0, 1, 16 << 10, (16 << 10) + 1, 80 << 10, (80 << 10) + 1, 300_000, 1_000_000 })
        {
            byte[] all = new byte[size];
            for (int i = 0; i < size; i++)
                all[i] = (byte)('a' + random.Next(26));
            StderrLog log = new();
            for (int at = 0; at < size;)
            {
                int count = Math.Min(size - at, random.Next(1, 200_000));
                log.Append(all.AsSpan(at, count));
                at += count;
            }

            string text = Encoding.ASCII.GetString(all);
            Assert.That(log.Length, Is.EqualTo(size));
            Assert.That(log.Last(1000), Is.EqualTo(text[^Math.Min(size, 1000)..]));
            Assert.That(log.Text(), Is.EqualTo(size <= 80 << 10
                ? text
                : $"{text[..(16 << 10)]}\n… {size - (80 << 10)} bytes left out …\n{text[^(64 << 10)..]}"));
        }
    }

    [Test]
    public void A_damaged_line_is_a_protocol_failure_and_nothing_worse()
    {
        byte[] whole = Encoding.UTF8.GetBytes(
            """{"id":1,"event":"token","token":65,"bytes":"QQ==","topIds":[65,66],"topLogProbabilities":[-0.1,null],"""
            + """ "result":{"backend":"é","devices":[{"api":"cpu","name":"\u00e9"}],"loadMs":1e3},"error":{"kind":"a","message":"b"} }""");
        Assert.That(WorkerPump.Parse(whole).Result!.Backend, Is.EqualTo("é"));
        Random random = new(14);
        int refused = 0;
        for (int round = 0; round < 50_000; round++)
        {
            byte[] line = [.. whole];
            for (int change = random.Next(1, 5); change > 0; change--)
                line[random.Next(line.Length)] = (byte)random.Next(256);
            try
            {
                WorkerPump.Parse(line.AsSpan(0, random.Next(8) == 0 ? random.Next(line.Length) : line.Length));
            }
            catch (ProtocolException)
            {
                refused++;
            }
        }

        Assert.That(refused, Is.InRange(25_000, 50_000));
    }

    [Test]
    public void Quoted_evidence_is_printable_and_short()
    {
        byte[] bytes = new byte[5000];
        new Random(13).NextBytes(bytes);
        string quoted = Evidence.Quote(bytes);
        Assert.That(quoted, Has.Length.LessThan(900));
        Assert.That(quoted.Any(char.IsControl), Is.False);
        Assert.That(quoted, Does.EndWith("… (5000 bytes)"));
        Assert.That(Evidence.Readable("\u001b[31mred\u001b[0m\r\n\tx\0"u8), Is.EqualTo("[31mred[0m\n\tx"));
    }

    [Test]
    public void A_kernel_that_counted_an_out_of_memory_kill_is_quoted()
    {
        OutOfMemoryCounters before = new(new Dictionary<string, long> { ["a"] = 1, ["b"] = 5 });
        OutOfMemoryCounters same = new(new Dictionary<string, long> { ["a"] = 1, ["b"] = 5 });
        OutOfMemoryCounters risen = new(new Dictionary<string, long> { ["a"] = 1, ["b"] = 7 });
        OutOfMemoryCounters unknown = new(new Dictionary<string, long>());
        Assert.Multiple(() =>
        {
            Assert.That(same.Judge(before).Likely, Is.False);
            Assert.That(risen.Judge(before).Likely, Is.True);
            Assert.That(risen.Judge(before).Why, Does.Contain("oom_kill in b rose by 2"));
            Assert.That(unknown.Judge(unknown).Likely, Is.True);
        });
    }
}
