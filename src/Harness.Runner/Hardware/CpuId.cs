using System.Buffers.Binary;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace Harness.Runner.Hardware;

/// <summary>
/// What an x86 processor says of itself (CPUID; Intel SDM volume 2A, AMD APM volume 3). A set that needs register state
/// from the operating system counts only where the runtime finds that state enabled.
/// </summary>
internal static class CpuId
{
    private enum Register
    {
        Eax,
        Ebx,
        Ecx,
        Edx,
    }

    private enum State
    {
        Sse,
        Avx,
        Avx512,
    }

    // Name, leaf, sub-leaf, register, bit, and the state it needs. AMX has a state of its own, which a program must ask
    // for; processors that have it have AVX-512, so that stands for "a system recent enough".
    private static readonly (string Name, int Leaf, int SubLeaf, Register Register, int Bit, State State)[] Sets =
    [
        ("SSE3", 1, 0, Register.Ecx, 0, State.Sse),
        ("SSSE3", 1, 0, Register.Ecx, 9, State.Sse),
        ("SSE4.2", 1, 0, Register.Ecx, 20, State.Sse),
        ("AVX", 1, 0, Register.Ecx, 28, State.Avx),
        ("F16C", 1, 0, Register.Ecx, 29, State.Avx),
        ("FMA", 1, 0, Register.Ecx, 12, State.Avx),
        ("AVX2", 7, 0, Register.Ebx, 5, State.Avx),
        ("BMI2", 7, 0, Register.Ebx, 8, State.Sse),
        ("AVX-VNNI", 7, 1, Register.Eax, 4, State.Avx),
        ("AVX512F", 7, 0, Register.Ebx, 16, State.Avx512),
        ("AVX512BW", 7, 0, Register.Ebx, 30, State.Avx512),
        ("AVX512DQ", 7, 0, Register.Ebx, 17, State.Avx512),
        ("AVX512VL", 7, 0, Register.Ebx, 31, State.Avx512),
        ("AVX512-VBMI", 7, 0, Register.Ecx, 1, State.Avx512),
        ("AVX512-VBMI2", 7, 0, Register.Ecx, 6, State.Avx512),
        ("AVX512-VNNI", 7, 0, Register.Ecx, 11, State.Avx512),
        ("AVX512-BF16", 7, 1, Register.Eax, 5, State.Avx512),
        ("AVX512-FP16", 7, 0, Register.Edx, 23, State.Avx512),
        ("AMX-TILE", 7, 0, Register.Edx, 24, State.Avx512),
        ("AMX-INT8", 7, 0, Register.Edx, 25, State.Avx512),
        ("AMX-BF16", 7, 0, Register.Edx, 22, State.Avx512),
    ];

    /// <summary>The vendor string of leaf 0, or null.</summary>
    public static string? Vendor()
    {
        (_, int ebx, int ecx, int edx) = X86Base.CpuId(0, 0);
        return Text(ebx, edx, ecx);
    }

    /// <summary>The brand string of leaves 80000002h to 80000004h, or null.</summary>
    public static string? Brand()
    {
        const int First = unchecked((int)0x80000002);
        if (unchecked((uint)X86Base.CpuId(First - 2, 0).Eax) < unchecked((uint)First + 2))
            return null;
        var words = new List<int>();
        for (int leaf = First; leaf < First + 3; leaf++)
        {
            (int eax, int ebx, int ecx, int edx) = X86Base.CpuId(leaf, 0);
            words.AddRange([eax, ebx, ecx, edx]);
        }

        return Text([.. words]);
    }

    /// <summary>Names of the instruction sets, in the order of their age.</summary>
    public static IReadOnlyList<string> InstructionSets()
    {
        int highest = X86Base.CpuId(0, 0).Eax;
        int highestOfSeven = highest >= 7 ? X86Base.CpuId(7, 0).Eax : 0;
        return
        [
            .. Sets
                .Where(set => set.Leaf <= highest && (set.Leaf != 7 || set.SubLeaf <= highestOfSeven))
                .Where(set => set.State switch
                {
                    State.Avx => Avx.IsSupported,
                    State.Avx512 => Avx512F.IsSupported,
                    _ => true,
                })
                .Where(set => IsSet(set.Leaf, set.SubLeaf, set.Register, set.Bit))
                .Select(set => set.Name),
        ];
    }

    private static bool IsSet(int leaf, int subLeaf, Register register, int bit)
    {
        (int eax, int ebx, int ecx, int edx) = X86Base.CpuId(leaf, subLeaf);
        int value = register switch
        {
            Register.Eax => eax,
            Register.Ebx => ebx,
            Register.Ecx => ecx,
            _ => edx,
        };
        return ((value >> bit) & 1) != 0;
    }

    private static string? Text(params ReadOnlySpan<int> words)
    {
        byte[] bytes = new byte[words.Length * sizeof(int)];
        for (int i = 0; i < words.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(i * sizeof(int)), words[i]);
        string text = string.Join(' ', Encoding.ASCII.GetString(bytes).Replace('\0', ' ').Split(' ', StringSplitOptions.RemoveEmptyEntries));
        return text.Length > 0 ? text : null;
    }
}
