// Package simulate lets a simulated Twilio loose on an application, whoever wrote it and in whatever language, and says
// which of the things that no application should do it did. It knows the application by its URLs alone.
//
//	options := simulate.Options{URL: "http://127.0.0.1:8080/voice", AccountSid: sid, AuthToken: token, Calls: 100}
//	result, err := simulate.Run(ctx, options) // an *ArgumentError, or a result
//	if len(result.Broken) > 0 { ... }
//
// Either it places the calls itself, as if people had called in or another program had dialled, or it waits for the
// application to dial over the REST API that it serves.
package simulate
