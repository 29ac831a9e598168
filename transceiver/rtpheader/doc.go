// Package rtpheader reads and writes the headers of RTP packets (RFC 3550 §5.1)
// and their extensions (RFC 8285).
//
// A [Header] is a view: Parse notes the fields and where the parts of the
// packet stand, and the methods that return bytes are given the packet again
// and alias it. Nothing here allocates but [Append], where the destination has
// no room.
package rtpheader
