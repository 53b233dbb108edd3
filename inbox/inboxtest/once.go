package inboxtest

var onceCases, failureCases, twinCases, payloadCases, crashCases []testCase
