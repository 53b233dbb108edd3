// Package simulator is a Twilio for tests and demos. It takes calls over the same REST API that the
// official client speaks, rings scripted people, fetches and executes the application's TwiML, sends
// every callback signed and with Twilio's fields, records what was said, serves the recording, and
// answers speech-to-text requests about it from the script. No account, no network, no waiting: the
// time of a call is virtual, so that a five-minute call takes milliseconds.
//
// It is an [http.Handler] plus a caller:
//
//	sim, err := simulator.New(simulator.Config{AccountSid: sid, AuthToken: token, Seed: 7})
//	api := httptest.NewServer(sim)  // the application's Twilio API URL, and its OpenAI base URL + "/v1"
//	...                             // the application places calls
//	err = sim.Wait(ctx)             // every call ended, every callback delivered
//	report := sim.Report()          // what was sent, how it was answered, and what is true
//
// [Simulator.Place] starts calls without a REST request, as if another program had, or as if somebody called in.
//
// # What is served
//
//   - /2010-04-01/Accounts/{AC}/Calls.json: create, fetch, list with filters and paging, update
//   - /2010-04-01/Accounts/{AC}/Recordings...: metadata, lists, media (.wav, .mp3; RequestedChannels=1 mixes the two
//     channels of a dual recording), start, stop, delete
//   - /v1/audio/transcriptions: speech-to-text of the simulator's own recordings
//   - /v1/chat/completions and /v1/responses: answered by [Config.Model]
//
// # What is true to Twilio, and what is not
//
// Requests are signed by code of its own that shares nothing with any verifier: the fragment is cut,
// userinfo left out, repeated values are unique and sorted, and for https callbacks the port is left
// out (Twilio: Webhooks security). Connection overrides in the fragment (ct, rt, tt, rc, rp) are
// honoured, with Twilio's defaults and its ceiling of 15 s. Events of a call are sent in the order of
// its timeline unless [Faults] say otherwise.
//
// Verbs that are executed: Say, Play, Pause, Gather, Redirect, Hangup, Reject, Start and Stop of
// Recording. Others are skipped and noted in the [Simulator.Debugger]. Audio is synthetic: tone bursts
// while somebody speaks, and a mark in the lowest bit of the first samples of each second that says
// which recording and channel this is, so that the fake speech-to-text recognises it, also after a
// stereo file was split or cut. There is no MP3 encoder in the standard library: a .mp3 is silence of
// the right length behind an ID3 tag that carries the same mark.
//
// # What goes wrong on purpose
//
// [Faults] has a rate for each fault, [ParseProfile] sets of rates, and [FaultDocs] says what each means and what a
// correct application does. Some spoil what Twilio signed, some are forgeries besides it, some are of recordings and
// of the REST API. [Report.Broken] names what no application should do, whatever goes wrong around it; what the
// simulator spoiled itself is not held against anybody.
//
// # Same seed, same run
//
// What a person does, which channel is theirs and which faults a callback meets is drawn from
// [Config.Seed], the number that is called, how often it was called before, and the callback's place
// in the call. Goroutine scheduling and the order in which calls are created have no say in it.
package simulator
