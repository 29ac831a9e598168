// Package codec knows the payload formats of RTP: what their parameters mean,
// when two descriptions of one are the same format, and how an offer of several
// is answered (RFC 3264 §6.1).
//
// A Codec is what a=rtpmap, a=fmtp and a=rtcp-fb say of one payload type. Match
// compares two of them by the rules of their payload format. Negotiate answers
// an offer, Accepted reads an answer, Renumber finds payload types that are free
// in a bundle. Formats that serve another one, retransmission (rtx) and
// redundancy (red), follow what they serve through all of it.
//
// Nothing here touches a network or a clock, and no function changes what it is
// given.
package codec
