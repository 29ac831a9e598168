// Package srtptransport protects and opens the RTP and RTCP packets of one DTLS
// association (RFC 5764, RFC 3711, RFC 7714).
package srtptransport

import _ "github.com/pion/srtp/v3"
