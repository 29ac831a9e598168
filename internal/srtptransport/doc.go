// Package srtptransport protects and opens the RTP and RTCP packets of one DTLS
// association (RFC 5764, RFC 3711, RFC 7714, RFC 9335).
//
// New splits the keying material that DTLS exports into a Sealer for what is
// sent and an Opener for what arrives. Both work in place: a packet's bytes are
// overwritten, and nothing is allocated for it (16 bytes for an RTCP packet under
// AES-GCM, by the engine). Both are safe for concurrent use; each holds one short
// mutex, and starts no goroutine.
//
// # What is kept per SSRC
//
// The engine (pion/srtp) does the cryptography and is told the index of every
// packet; RTP packets that are sent under AES-GCM are sealed here, by the standard
// library. The indices themselves are kept here, for three reasons:
//
//   - One index under one key must never protect two contents: with a counter
//     mode such as AES-GCM the second packet gives away both contents, and with
//     them the authentication key (RFC 7714 §8.4). The Sealer keeps a window of
//     the indices that it has used and refuses the rest.
//   - What arrives twice must not be delivered twice (RFC 3711 §3.3.2). The
//     Opener's windows do that, for SRTP and SRTCP.
//   - State must be bounded. It is made only for packets that were authentic,
//     for a limited number of SSRCs, and Forget frees it. Of a forgotten SSRC
//     the highest index stays, so that its old packets are neither sealed nor
//     opened again.
package srtptransport
