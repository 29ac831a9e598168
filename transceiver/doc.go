// Package transceiver is the RTP session of a connection: what arrives is
// given to the tracks that it belongs to, what is sent is numbered, marked and
// remembered, and RTCP is written and answered (RFC 3550, RFC 4585).
//
// It has no clock, no timer and no socket: the time is an argument of every
// function that needs it, and packets leave through a function of the
// configuration.
package transceiver
