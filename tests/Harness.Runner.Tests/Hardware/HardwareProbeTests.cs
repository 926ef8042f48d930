using Harness.Runner.Hardware;
using NUnit.Framework;

namespace Harness.Runner.Tests.Hardware;

public class HardwareProbeTests
{
    private string _directory = "";

    [SetUp]
    public void CreateDirectory() => _directory = Directory.CreateTempSubdirectory("harness-hardware-").FullName;

    [TearDown]
    public void DeleteDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public void ThisMachineIsDescribedAndNeitherItNorItsUserIsNamed()
    {
        MachineHardware hardware = HardwareProbe.Look();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(hardware.Platform, Does.Match("^(linux|linux-musl|win|osx)-(x64|arm64)$"));
            Assert.That(hardware.Memory.TotalBytes, Is.GreaterThan(64L << 20));
            Assert.That(hardware.Cpu.LogicalProcessors, Is.GreaterThanOrEqualTo(1));
            Assert.That(hardware.Cpu.InstructionSets, Is.Not.Empty);
            if (Environment.MachineName.Length > 4)
                Assert.That(hardware.ToString(), Does.Not.Contain(Environment.MachineName));
        }
    }

    [Test]
    public void TheTightestLimitFromTheGroupToTheRootCounts()
    {
        string membership = Write("cgroup", "0::/outer/inner\n");
        string root = Path.Combine(_directory, "root");
        Write("root/outer/cpu.max", "150000 100000\n");
        Write("root/outer/memory.max", "1073741824\n");
        Write("root/outer/inner/cpu.max", "max 100000\n");
        Write("root/outer/inner/memory.max", "2147483648\n");
        Assert.That(ControlGroups.Limits(membership, root), Is.EqualTo(new ResourceLimits(1.5, 1L << 30)));
    }

    [Test]
    public void WhatIsLeftOfALimitCountsCachedFilesAsFree()
    {
        string membership = Write("cgroup", "0::/box\n");
        Write("root/box/memory.max", "1000000\n");
        Write("root/box/memory.current", "700000\n");
        Write("root/box/memory.stat", "anon 300000\ninactive_file 400000\nactive_file 5\n");
        Assert.That(
            ControlGroups.Limits(membership, Path.Combine(_directory, "root")), Is.EqualTo(new ResourceLimits(null, 1000000, 700000)));
    }

    [Test]
    public void LimitsOfTheFirstVersionOfControlGroupsAreReadToo()
    {
        string membership = Write("cgroup", "4:memory:/box\n3:cpu,cpuacct:/box\n");
        string root = Path.Combine(_directory, "root");
        Write("root/memory/box/memory.limit_in_bytes", "536870912\n");
        Write("root/memory/memory.limit_in_bytes", "9223372036854771712\n");
        Write("root/cpu,cpuacct/box/cpu.cfs_quota_us", "50000\n");
        Write("root/cpu,cpuacct/box/cpu.cfs_period_us", "100000\n");
        Assert.That(ControlGroups.Limits(membership, root), Is.EqualTo(new ResourceLimits(0.5, 512L << 20)));
    }

    [TestCase("max 100000", "max")]
    [TestCase("", "")]
    [TestCase("nonsense", "-5")]
    public void NoLimitIsNoneRatherThanNought(string processors, string memory)
    {
        string membership = Write("cgroup", "0::/\n");
        Write("root/cpu.max", processors);
        Write("root/memory.max", memory);
        Assert.That(ControlGroups.Limits(membership, Path.Combine(_directory, "root")), Is.Null);
    }

    [Test]
    public void MemoryIsReadFromTheKernelsListInKibibytes() => Assert.That(
        MemoryProbe.Parse(["MemTotal:       24731708 kB", "MemFree: 1 kB", "MemAvailable:   20000000 kB", "nonsense"]),
        Is.EqualTo(new MemoryInfo(24731708L * 1024, 20000000L * 1024)));

    [Test]
    public void CoresAreCountedOnceForAllTheirThreads()
    {
        var kernel = CpuProbe.KernelList(
            ["processor: 0", "physical id: 0", "core id: 0", "processor: 1", "physical id: 0", "core id: 0", "processor: 2", "physical id: 1", "core id: 0"]);
        Assert.That(CpuProbe.PhysicalCores(kernel), Is.EqualTo(2));
    }

    [Test]
    public void ArmInstructionSetsHaveTheirUsualNames() => Assert.That(
        CpuProbe.ArmInstructionSets("fp asimd evtstrm asimdhp asimddp sve i8mm"), Is.EqualTo(new[] { "NEON", "FP16", "DOTPROD", "I8MM", "SVE" }));

    private string Write(string name, string content)
    {
        string path = Path.Combine(_directory, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }
}
