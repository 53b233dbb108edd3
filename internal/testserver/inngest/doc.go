// Package inngest is an Inngest server for tests, small enough to be read: it takes signed events, forgets duplicates by
// their id, starts the functions that they trigger within their concurrency and throttle, and calls them by signed
// requests until they are done, are given up or say that no retry helps.
//
// It speaks the protocol of the SDKs (Inngest: SDK specification) with code of its own, signatures included. It knows
// functions that return at once and steps of step.Run; what else a function may ask for fails its run.
package inngest
