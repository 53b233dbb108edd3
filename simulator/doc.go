// Package simulator is a Twilio for tests and demos. It takes calls and messages over the REST API that the official
// client speaks, plays the people who are called or texted from scripts, fetches and executes the application's TwiML,
// sends every webhook signed and with Twilio's parameters, records what was said, serves the recordings, and answers
// speech-to-text requests about them from the scripts. It needs no account and no network. The time of a call is virtual:
// a call of five minutes takes milliseconds.
//
// A [Simulator] is an [http.Handler]:
//
//	sim, err := simulator.New(simulator.Config{AccountSid: sid, AuthToken: token, Seed: 7})
//	api := httptest.NewServer(sim)  // the application's Twilio API URL, and its OpenAI base URL + "/v1"
//	...                             // the application places calls and sends messages
//	err = sim.Wait(ctx)             // every call is over, every callback was delivered
//	report := sim.Report()          // what was sent, how it was answered, and what is true
//
// [Simulator.Place] starts a call without a REST request, as if another program had placed it. [Simulator.CallIn] has a person call one
// of the account's numbers, which are set up over REST or with [Simulator.ConfigureNumber].
// [Simulator.Text] sends a message from a person to the application.
//
// # What is served
//
//   - /2010-04-01/Accounts/{AC}/Calls.json: create, fetch, list with filters and paging, update, delete; the events of a call
//   - /2010-04-01/Accounts/{AC}/IncomingPhoneNumbers.json: list, fetch, update; who is asked when somebody calls a number
//   - /2010-04-01/Accounts/{AC}/Messages.json: create, fetch, list with filters and paging
//   - /2010-04-01/Accounts/{AC}/Recordings...: metadata, lists, media (.wav, .mp3; RequestedChannels=1 mixes the two
//     channels of a dual recording), start, pause, stop, delete
//   - /v1/audio/transcriptions: speech-to-text of the simulator's own recordings
//   - /v1/chat/completions and /v1/responses: answered by [Config.Model]
//
// # What is as at Twilio, and what is not
//
// Requests are signed by code that is shared with no verifier: the fragment and userinfo are left out, repeated values are
// unique and sorted, and https callbacks of calls are signed without their port (Twilio: Webhooks security). Connection
// overrides in the fragment (ct, rt, tt, rc, rp) are honoured, with Twilio's defaults and its limit of 15 s. The events of
// a call or message are sent in the order of its virtual time unless [Faults] say otherwise.
//
// Of voice TwiML, these verbs are executed: Say, Play, Pause, Gather, Redirect, Hangup, Reject, Start and Stop of
// Recording; of TwiML for messages, Message and Redirect. Other verbs are skipped and noted in the [Simulator.Debugger].
//
// Audio is synthetic: a tone for each word, and a mark in the lowest bit of the first samples of each second. The mark
// names the recording and the channel, so that the simulated speech-to-text recognises the file, also after a stereo file
// was split or cut. A .mp3 is silence of the right length with the same mark in an ID3 tag.
//
// A person writes what they would say: a [Script] serves calls and messages. Not simulated are other channels than SMS, the
// files of a message (they are only counted), opt-out keywords and scheduled messages.
//
// # People
//
// A [Script] says what happens in the first calls to a person (First) and then in all others, and whether they call back after a call
// that they missed (CallsBack). With [People].Same a number is the same person in every call. A reply or an answer that means [OptOut] is
// somebody who never wants to be called again: who calls them all the same breaks a rule of the report. [PhrasesOf] has what people
// say in some languages.
//
// # Time
//
// A call of five minutes takes milliseconds, unless [Config.Speed] says otherwise. With [Config.Clock] calls take place beside each other
// as they would in real time, on a clock that whoever holds it moves: so an application that is given the same clock sees a week of
// calls pass in the time that the work of that week takes. Timeouts and retries of webhooks are in real time, always.
//
// # What goes wrong on purpose
//
// [Faults] has a rate for each fault, [ParseProfile] returns sets of rates, and [FaultDocs] says of each fault what it means
// and what a correct application does. Some faults change how a webhook is delivered, some add forged requests, others
// concern recordings, the REST API and language models. [Report.Broken] lists what no application should do, whatever goes
// wrong around it; what the simulator spoiled itself is not counted against the application.
//
// # Same seed, same run
//
// What a person does, which channel is theirs and which faults a webhook meets is drawn from [Config.Seed], the person's
// number, how often it was called or texted before, and the webhook's place in the call or message. The scheduling of
// goroutines and the order in which calls are created do not change it.
package simulator
