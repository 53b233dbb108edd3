// Package inngest is an Inngest server for tests, small enough to be read: it takes events, starts the functions that they
// trigger within their concurrency, and calls them by signed requests until they are done, are given up or say that no retry
// helps.
//
// It is the self-hosted server (`inngest start`) as that was seen and read to be, version 1.20:
//   - With --sdk-url it sends a signed PUT to the application every five seconds, until that registers. It reads the status
//     of the answer and not the answer, in which the SDKs describe their functions.
//   - An application registers by POST /fn/register, under the hash of the signing key. What is registered already is
//     answered "modified": false and changes nothing.
//   - An event that triggers no function known is answered 200, and forgotten.
//   - An id of an event is remembered for a day by each function that it has started.
//   - A call that fails in any way uses up one of the function's attempts, also when nobody is there. Pauses grow from 15 s
//     to two hours. An answer of 2xx that is not an SDK's is a failure.
//
// [Server.Sync] is Inngest Cloud's: there the answer to the PUT counts.
//
// It speaks the protocol of the SDKs (Inngest: SDK specification) with code of its own, signatures included. It knows
// functions that return at once and steps of step.Run; what else a function may ask for fails its run.
package inngest
