// Package ratelimit bounds how many requests without a valid signature one client may send: enough for somebody who
// sets up a webhook and gets it wrong, too few to keep a server busy with hashing.
//
// [Memory] counts in this process and is enough for one of them; [Redis] counts for all processes that share a server,
// and falls back to memory rather than refusing or delaying anybody when that server is away. Both pass the same tests.
// [NewClientIP] says whom a request is counted against.
package ratelimit
