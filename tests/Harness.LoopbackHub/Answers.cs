using Microsoft.AspNetCore.Http;

namespace Harness.LoopbackHub;

/// <summary>Answers as the hub words them.</summary>
internal static class Answers
{
    public static async Task ErrorAsync(
        HttpContext context, int status, string? code, string message, IReadOnlyDictionary<string, string>? headers = null)
    {
        context.Response.StatusCode = status;
        if (code is not null)
            context.Response.Headers["X-Error-Code"] = code;
        context.Response.Headers["X-Error-Message"] = message;
        foreach ((string name, string value) in headers ?? new Dictionary<string, string>())
            context.Response.Headers[name] = value;
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        await context.Response.WriteAsJsonAsync(new Dictionary<string, string> { ["error"] = message });
    }

    /// <summary>Answers for a client that may not see a repository; false when it may.</summary>
    public static async Task<bool> RefusedAsync(HttpContext context, LoopbackOptions options, RepoStore store, string repo, bool files)
    {
        string? token = context.Request.Headers.Authorization.FirstOrDefault()?.Split(' ', 2) is ["Bearer", var value] ? value : null;
        LoopbackToken? known = token is null ? null
            : options.Tokens.Count == 0 ? new LoopbackToken(token) : options.Tokens.FirstOrDefault(t => t.Value == token);
        if (token is not null && known is null)
        {
            await ErrorAsync(context, 401, null, "Invalid credentials in Authorization header");
            return true;
        }
        if (!store.Exists(repo) || options.Private.Contains(repo) && known is null)
        {
            // The hub does not tell anonymous clients what is private and what is not there.
            await ErrorAsync(context, known is null ? 401 : 404, "RepoNotFound", known is null ? "Invalid username or password." : "Repository not found");
            return true;
        }
        if (known is { CanRead: false })
        {
            await ErrorAsync(context, 403, null, "The token does not have the permission to read this repository");
            return true;
        }
        if (files && options.Gated.Contains(repo) && known is not { AcceptedLicences: true })
        {
            await ErrorAsync(context, known is null ? 401 : 403, "GatedRepo",
                $"Access to model {repo} is restricted. You must have access to it and be authenticated to access it.");
            return true;
        }
        return false;
    }
}
