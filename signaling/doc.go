// Package signaling is JSEP (RFC 9429) as a pure state machine.
package signaling
