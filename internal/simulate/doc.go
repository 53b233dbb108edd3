// Package simulate tests any Twilio application with a simulated Twilio that misbehaves on purpose, and reports what the
// application did that no application should do. It knows nothing of the application but its URLs.
//
//	options := simulate.Options{URL: "http://127.0.0.1:8080/voice", AccountSid: sid, AuthToken: token, Calls: 100}
//	result, err := simulate.Run(ctx, options) // an *ArgumentError, or a result
//	if len(result.Broken) > 0 { ... }
//
// It places the calls itself, as if people had called or another program had dialled; or people text the application; or it
// waits for the application to dial over the REST API that the simulator serves.
package simulate
