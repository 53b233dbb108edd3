package interview

import "time"

// ShortCall is how long a call lasts at least, from the answer on, that is not short. Twilio's reports of a number call a completed
// outbound call of less than 10 seconds short, and take it for a sign of little trust when more than 15 % are (Twilio: Voice
// Insights, Outbound Phone Number Report, short_duration_calls_percentage). Some carriers draw the line at 6 seconds.
const ShortCall = 10 * time.Second
