package signature

import "strings"

// Prefixes under which gateways and frameworks serve an application.
var commonPrefixes = []string{"/api", "/app", "/prod", "/dev", "/stage", "/staging", "/test", "/default", "/production", "/v1", "/twilio", "/webhook",
	"/webhooks", "/hooks", "/calls", "/voice", "/iagent", "/i-agent", "/agent", "/backend", "/service", "/public", "/.netlify/functions"}

// rarePrefixes are words that people give to the path of such an application.
var rarePrefixes = strings.Fields(`telephony phone phones call calling ivr pbx sip telecom dialer bot bots voicebot callbot chatbot voice-bot voice-app voiceapp voice-agent voice-ai
	voice-api interview interviews interviewer survey surveys sms messaging messages comms communication communications contact contacts callcenter call-center
	twilio-api twilio-webhook twilio-webhooks twilio_webhook twilio_webhooks hook callback callbacks notify notification notifications event events inbound outbound incoming
	receiver ingest ingress integration integrations connect connector connectors vendor vendors partner partners external ext internal private proxy gateway gw edge tunnel relay
	web www site server srv svc services microservice function functions fn lambda rest rpc graphql apis api-v1 api/v2 api/v3 v2 v3 v4 beta alpha qa uat sandbox demo local live main master
	release preview canary blue green latest current next old new legacy app1 app2 myapp my-app application apps project product platform core system systems ops admin portal
	dashboard console crm ai agents assistant assistants iagent-api i_agent iagents calls-api calls-service call-service voice-service twilio-service api-gateway root base sub subpath prefix path
	media stream streams data research insights intel lab labs team company corp org customer customers client clients tenant acme example foo bar x y z a b`)

// hostLabels are first labels of hosts that a program may be reached under.
var hostLabels = strings.Fields(`www api app apps voice calls call phone telephony twilio hooks hook webhook webhooks callbacks agent agents iagent i-agent interview interviews dev develop staging stage
	test testing qa uat demo beta preview prod production live public web portal gateway gw proxy edge ingress backend server service services internal sandbox old new v1 v2 eu us`)
