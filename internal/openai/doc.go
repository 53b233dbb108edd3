// Package openai turns speech into text and asks language models, on OpenAI or any server that speaks its protocol,
// through the official client.
//
// It never retries by itself: the ledger of runs does, and an [Error] says whether that can help. It reads no
// environment variables.
package openai
