package simulator

// FaultDoc describes a fault: for people who choose rates, and for those who find its name in a report.
type FaultDoc struct {
	Name    Fault  `json:"name"`
	Field   string `json:"field"`   // of [Faults]
	Meaning string `json:"meaning"` // what Twilio, or the network, does
	Correct string `json:"correct"` // what a correct application does
	// Refuse is set for requests that a correct application answers with 403.
	Refuse  bool    `json:"refuse"`
	Rough   float64 `json:"rough"` // its rate in the profiles
	Hostile float64 `json:"hostile"`
}

// FaultDocs lists every fault that has a rate: first those of deliveries, then forgeries, recordings and REST, and at last
// those of what recordings hold, of speech-to-text and of language models.
func FaultDocs() []FaultDoc {
	var docs []FaultDoc
	for _, entry := range catalogue() {
		docs = append(docs, entry.doc)
	}
	return docs
}

// entry is a fault's description and where its rate is.
type entry struct {
	doc  FaultDoc
	rate func(*Faults) *float64
}

// catalogue is every fault that has a rate.
func catalogue() []entry {
	return []entry{
		{FaultDoc{FaultDuplicate, "Duplicate", "The same request comes twice: right after the first answer, while the first is in flight (twin), or later in the call or message (echo).",
			"Takes effect once; a TwiML request gets the first answer again, byte for byte.", false, 0.15, 0.30},
			func(f *Faults) *float64 { return &f.Duplicate }},
		{FaultDoc{FaultReorder, "Reorder", "A callback arrives after one to three later ones of its call or message.",
			"Ends in the same state as if they had come in order; completed never becomes ringing, delivered never sent.", false, 0.15, 0.30},
			func(f *Faults) *float64 { return &f.Reorder }},
		{FaultDoc{FaultDelay, "Delay", "A callback arrives 1 to 90 s of virtual time after it happened, perhaps after the call's end.",
			"Takes it for what it says, not for what is going on when it arrives.", false, 0.10, 0.20},
			func(f *Faults) *float64 { return &f.Delay }},
		{FaultDoc{FaultDrop, "Drop", "A callback never arrives. A TwiML request fails to connect at every attempt, so that the fallback URL is asked, or the call ends, or the message stays without an answer.",
			"Notices what is missing, and asks Twilio's REST API.", false, 0, 0.05},
			func(f *Faults) *float64 { return &f.Drop }},
		{FaultDoc{FaultUnreachable, "Unreachable", "The first attempt does not connect; more attempts follow if the URL's policy says ct, as it does by default.",
			"Asks for retries in its URLs.", false, 0.05, 0.10},
			func(f *Faults) *float64 { return &f.Unreachable }},
		{FaultDoc{FaultLostResponse, "LostResponse", "The application answers, but Twilio does not receive the answer. If the URL's policy says rt and its rt= leaves time for it, the request comes again after that time, with the same idempotency token.",
			"Asks for retries after a short rt, takes the retry for a duplicate, and gives the same answer.", false, 0.05, 0.15},
			func(f *Faults) *float64 { return &f.LostResponse }},
		{FaultDoc{FaultSlowReader, "SlowReader", "The answer is read in small pieces.",
			"Holds no lock and no transaction while it writes an answer.", false, 0.02, 0.05},
			func(f *Faults) *float64 { return &f.SlowReader }},
		{FaultDoc{FaultSlowSender, "SlowSender", "The body comes in small pieces.",
			"Waits for all of it before it does anything.", false, 0.02, 0.05},
			func(f *Faults) *float64 { return &f.SlowSender }},
		{FaultDoc{FaultStaleToken, "StaleToken", "In the middle of a rotation, a request is signed with the other token. Never happens unless that token is given.",
			"Accepts both tokens while they are being rotated.", false, 0.10, 0.30},
			func(f *Faults) *float64 { return &f.StaleToken }},
		{FaultDoc{FaultPortAdded, "PortAdded", "The signature is over the URL with its default port added, or without the port that it has.",
			"Accepts both forms: Twilio is not consistent, and its own validators take both.", false, 0.05, 0.15},
			func(f *Faults) *float64 { return &f.PortAdded }},
		{FaultDoc{FaultBodyReencoded, "BodyReencoded", "The same parameters in another order and with other percent-encoding.",
			"Checks the signature over the decoded parameters: it is valid.", false, 0.10, 0.25},
			func(f *Faults) *float64 { return &f.BodyReencoded }},

		{FaultDoc{FaultWrongToken, "WrongToken", "Besides the real request comes one that is signed with a token of nobody's.",
			"403, and nothing is stored.", true, 0.03, 0.10},
			func(f *Faults) *float64 { return &f.WrongToken }},
		{FaultDoc{FaultTampered, "Tampered", "Besides the real request comes one with its signature and one parameter changed.",
			"403, and nothing is stored.", true, 0.03, 0.10},
			func(f *Faults) *float64 { return &f.Tampered }},
		{FaultDoc{FaultHTTPForHTTPS, "HTTPForHTTPS", "Besides the real request comes one that is signed for the URL with the other scheme.",
			"403: the scheme is that of its public URL, not what a header says.", true, 0.03, 0.10},
			func(f *Faults) *float64 { return &f.HTTPForHTTPS }},
		{FaultDoc{FaultQuerySorted, "QuerySorted", "Besides the real request comes one whose query was put in another order on the way. Never happens to URLs with fewer than two parameters.",
			"403: the signature is over the query as it was written.", true, 0.03, 0.10},
			func(f *Faults) *float64 { return &f.QuerySorted }},
		{FaultDoc{FaultFlood, "Flood", "Besides the real request come ten without a signature.",
			"403, or 429 for the sender of unverified requests alone; the real one is answered as ever.", true, 0, 0.03},
			func(f *Faults) *float64 { return &f.Flood }},

		{FaultDoc{FaultRecordingEarly, "RecordingEarly", "The recording's callback comes before the completion of its call.",
			"Keeps it: the call need not have ended.", false, 0.20, 0.40},
			func(f *Faults) *float64 { return &f.RecordingEarly }},
		{FaultDoc{FaultRecordingAbsent, "RecordingAbsent", "A recording ends absent: there is no file.",
			"Writes it down and does not wait for a transcript.", false, 0.03, 0.10},
			func(f *Faults) *float64 { return &f.RecordingAbsent }},
		{FaultDoc{FaultRecordingFailed, "RecordingFailed", "A recording ends as failed, which Twilio does not document. Sent to those who asked for absent.",
			"Takes it for absent.", false, 0, 0.05},
			func(f *Faults) *float64 { return &f.RecordingFailed }},
		{FaultDoc{FaultMediaLate, "MediaLate", "The recording's file is 404 once or twice after its callback.",
			"Comes back for it.", false, 0.15, 0.40},
			func(f *Faults) *float64 { return &f.MediaLate }},

		{FaultDoc{FaultRESTBusy, "RESTBusy", "429 with code 20429: the request was not processed.",
			"Backs off, and asks again.", false, 0.03, 0.10},
			func(f *Faults) *float64 { return &f.RESTBusy }},
		{FaultDoc{FaultRESTErrorBefore, "RESTErrorBefore", "500 with code 20500, and nothing was done.",
			"Does not dial or send again before it knows that nothing was created.", false, 0, 0.03},
			func(f *Faults) *float64 { return &f.RESTErrorBefore }},
		{FaultDoc{FaultRESTErrorAfter, "RESTErrorAfter", "500 with code 20500, although it was done.",
			"Finds what was created by its first callback, or by listing, and does nothing twice.", false, 0, 0.03},
			func(f *Faults) *float64 { return &f.RESTErrorAfter }},
		{FaultDoc{FaultRESTTimeoutBefore, "RESTTimeoutBefore", "No answer for a while, then none at all, and nothing was done.",
			"As for a 500.", false, 0, 0.02},
			func(f *Faults) *float64 { return &f.RESTTimeoutBefore }},
		{FaultDoc{FaultRESTTimeoutAfter, "RESTTimeoutAfter", "No answer for a while, then none at all, although it was done.",
			"As for a 500.", false, 0, 0.02},
			func(f *Faults) *float64 { return &f.RESTTimeoutAfter }},
		{FaultDoc{FaultRESTCutBefore, "RESTCutBefore", "The connection breaks, and nothing was done.",
			"As for a 500.", false, 0, 0.03},
			func(f *Faults) *float64 { return &f.RESTCutBefore }},
		{FaultDoc{FaultRESTCutAfter, "RESTCutAfter", "The connection breaks, although it was done.",
			"As for a 500.", false, 0, 0.03},
			func(f *Faults) *float64 { return &f.RESTCutAfter }},

		{FaultDoc{FaultRecordingSilent, "RecordingSilent", "The person's side of a recording is silent.",
			"Takes it for silence, not for an error, and sends no silence to a model that writes words for it.", false, 0, 0.05},
			func(f *Faults) *float64 { return &f.RecordingSilent }},
		{FaultDoc{FaultRecordingEmpty, "RecordingEmpty", "The recording's file is a head without samples; speech-to-text calls it too short.",
			"Takes it for silence.", false, 0, 0.03},
			func(f *Faults) *float64 { return &f.RecordingEmpty }},
		{FaultDoc{FaultSpeechInvents, "SpeechInvents", "Speech-to-text writes words where nobody speaks, as Whisper does: sure of them, or with a high no_speech_prob, or one phrase over and over.",
			"Holds them against the samples and against what the model says of them, and takes them for no evidence.", false, 0.10, 0.30},
			func(f *Faults) *float64 { return &f.SpeechInvents }},
		{FaultDoc{FaultSpeechNoTimes, "SpeechNoTimes", "500 to a transcription with times (verbose_json).",
			"Asks again; at last without times.", false, 0, 0.05},
			func(f *Faults) *float64 { return &f.SpeechNoTimes }},
		{FaultDoc{FaultModelNoSchema, "ModelNoSchema", "400 or 422 to a strict json_schema, in one of three wordings.",
			"Asks again for a json_object with the schema in the instructions, and remembers.", false, 0.05, 0.20},
			func(f *Faults) *float64 { return &f.ModelNoSchema }},
		{FaultDoc{FaultModelThinks, "ModelThinks", "The answer stands behind <think>…</think>, in which there may be another one.",
			"Reads what stands behind.", false, 0.05, 0.10},
			func(f *Faults) *float64 { return &f.ModelThinks }},
		{FaultDoc{FaultModelProse, "ModelProse", "The answer is a Markdown code block between two sentences.",
			"Finds it.", false, 0.05, 0.10},
			func(f *Faults) *float64 { return &f.ModelProse }},
		{FaultDoc{FaultModelReasoning, "ModelReasoning", "The content is empty, the answer is in reasoning_content.",
			"Looks there.", false, 0.05, 0.10},
			func(f *Faults) *float64 { return &f.ModelReasoning }},
		{FaultDoc{FaultModelToolCall, "ModelToolCall", "The content is null, the answer is in the arguments of a tool call.",
			"Looks there.", false, 0.05, 0.10},
			func(f *Faults) *float64 { return &f.ModelToolCall }},
		{FaultDoc{FaultModelParts, "ModelParts", "The content is a list of parts.",
			"Joins their texts.", false, 0.05, 0.10},
			func(f *Faults) *float64 { return &f.ModelParts }},

		{FaultDoc{FaultRESTNoList, "RESTNoList", "A list is answered with 200 and {}, null, a message or a page of HTML.",
			"Takes no answer for a list that is none: it proves nothing.", false, 0.05, 0.10},
			func(f *Faults) *float64 { return &f.RESTNoList }},
		{FaultDoc{FaultRESTForeignRows, "RESTForeignRows", "A list of calls or messages is not filtered, and has a row that somebody else created.",
			"Takes nothing that went to another number for its own, and does not believe the list.", false, 0.02, 0.05},
			func(f *Faults) *float64 { return &f.RESTForeignRows }},
		{FaultDoc{FaultRESTLaggingList, "RESTLaggingList", "A list of calls or messages lacks those of the last 45 s.",
			"Does not take one list for a proof that there is none.", false, 0.05, 0.20},
			func(f *Faults) *float64 { return &f.RESTLaggingList }},
		{FaultDoc{FaultRESTUnauthorized, "RESTUnauthorized", "401 with code 20003 for a single request: nothing was done.",
			"Fails no call for it, and tries again later.", false, 0, 0.01},
			func(f *Faults) *float64 { return &f.RESTUnauthorized }},
		{FaultDoc{FaultRESTNoSid, "RESTNoSid", "201 for a call or message that was created, without its SID.",
			"As for a 500.", false, 0, 0.02},
			func(f *Faults) *float64 { return &f.RESTNoSid }},
		{FaultDoc{FaultRESTNotFoundBefore, "RESTNotFoundBefore", "A proxy answers the creation of a call or message with a page, 404, and nothing was done.",
			"As for a 500: it is not Twilio who refuses.", false, 0, 0.02},
			func(f *Faults) *float64 { return &f.RESTNotFoundBefore }},
		{FaultDoc{FaultRESTNotFoundAfter, "RESTNotFoundAfter", "A proxy answers the creation of a call or message with a page, 404, although it was done.",
			"As for a 500: it is not Twilio who refuses.", false, 0, 0.02},
			func(f *Faults) *float64 { return &f.RESTNotFoundAfter }},

		{FaultDoc{FaultAMDLate, "AMDLate", "The callback with the verdict of machine detection comes 5 to 90 s of the call's time after it: after the answer to the consent question, or after the end.",
			"Keeps it as a fact: who pressed a key or answered is no machine, and a finished interview stays.", false, 0.05, 0.20},
			func(f *Faults) *float64 { return &f.AMDLate }},
		{FaultDoc{FaultAMDLost, "AMDLost", "The callback with the verdict of machine detection never comes. It is in AnsweredBy of the completed status callback, and in answered_by of the REST API.",
			"Takes it from there.", false, 0, 0.05},
			func(f *Faults) *float64 { return &f.AMDLost }},
		{FaultDoc{FaultRecordingBefore, "RecordingBefore", "The call is recorded from the answer on, as with Record=true, though the application did not ask for it. No callback tells of it.",
			"Looks for recordings that began before the consent, deletes them, and never listens to them.", false, 0, 0.05},
			func(f *Faults) *float64 { return &f.RecordingBefore }},
	}
}
