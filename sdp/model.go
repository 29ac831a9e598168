package sdp

// Session is a session description as WebRTC endpoints exchange it (RFC 8866
// with the attributes of RFC 9429 §5.2). What the model has no field for is
// kept, in order, in Attributes.
type Session struct {
	Origin Origin
	// Name is the s= line; "-" is written where it is empty.
	Name string
	// Groups are the a=group lines (RFC 5888), BUNDLE among them.
	Groups []Group
	// MsidSemantic are the values of a=msid-semantic lines.
	MsidSemantic []string
	// ICELite is a=ice-lite (RFC 8839 §5.3).
	ICELite bool
	// ExtmapAllowMixed is a=extmap-allow-mixed (RFC 8285 §6).
	ExtmapAllowMixed bool
	// Cryptex is a=cryptex, which holds for all sections (RFC 9335 §4).
	Cryptex bool
	// Transport are the transport attributes at session level. They hold for
	// the media sections that have none of their own: see EffectiveTransport.
	Transport Transport
	// Direction is the session-level direction, DirectionUnspecified without one.
	Direction Direction
	// Identity is the value of a=identity (RFC 8827 §7.4), or "".
	Identity string
	// Connection is the session-level c= line's address, or "".
	Connection string
	// Bandwidths are the session-level b= lines.
	Bandwidths []Bandwidth
	// Extmaps are session-level a=extmap lines.
	Extmaps []Extmap
	// EndOfCandidates is a session-level a=end-of-candidates (RFC 8840 §8.2),
	// which holds for all sections.
	EndOfCandidates bool
	// Attributes are all others, and known ones whose values do not parse, in
	// their order.
	Attributes []Attribute
	Media      []*Media
}

// Origin is the o= line (RFC 8866 §5.2).
type Origin struct {
	// Username is "-" where it is empty.
	Username string
	// SessionID and SessionVersion are read as the largest number where a peer
	// writes more than 64 bits.
	SessionID      uint64
	SessionVersion uint64
	// Address is the unicast address; "127.0.0.1" is written where it is empty.
	Address string
}

// Group is one a=group line (RFC 5888 §5).
type Group struct {
	Semantics string
	Mids      []string
}

// Attribute is an a= line; Value is what follows the colon.
type Attribute struct {
	Key, Value string
	// HasValue tells "a=key:" from "a=key".
	HasValue bool
}

// Bandwidth is a b= line (RFC 8866 §5.8). Value's unit depends on Type: kilobits
// per second for AS, bits per second for TIAS.
type Bandwidth struct {
	Type  string
	Value uint64
}

// Transport holds the attributes that configure ICE and DTLS, which may stand
// at session or media level.
type Transport struct {
	ICEUfrag, ICEPwd string
	// ICEOptions are the tokens of a=ice-options; nil without the line.
	ICEOptions   []string
	Fingerprints []Fingerprint
	// Setup is a=setup (RFC 8842 §5.1), SetupUnspecified without the line.
	Setup Setup
	// TLSID is a=tls-id (RFC 8842 §4), or "".
	TLSID string
}

// Fingerprint is a=fingerprint (RFC 8122 §5).
type Fingerprint struct {
	// Algorithm is the hash function's name in lower case, such as "sha-256".
	Algorithm string
	// Value is upper-case hexadecimal bytes joined by colons.
	Value string
}

// Media is one m= section (RFC 8866 §5.14).
type Media struct {
	// Kind is the media type as written: "audio", "video", "application" or
	// anything else that a peer sends.
	Kind string
	// Port is 0 for a section that is rejected or bundle-only, 9 where
	// addresses are trickled.
	Port uint16
	// PortCount is the number after the port's slash; 0 without one.
	PortCount int
	// Proto is the transport, such as "UDP/DTLS/SCTP".
	Proto string
	// Formats are the payload types of RTP, or "webrtc-datachannel". A rejected
	// section that came without one has "0".
	Formats []string
	// Title is the i= line, or "".
	Title string
	// Connection is the address of the section's c= line; "" writes 0.0.0.0.
	Connection string
	Bandwidths []Bandwidth

	Mid       string
	Transport Transport
	Direction Direction

	// Candidates are the values of the a=candidate lines (RFC 8839 §5.1), each
	// without the "candidate:" before the foundation.
	Candidates []string
	// EndOfCandidates is the section's own a=end-of-candidates (RFC 8840 §8.2).
	EndOfCandidates bool

	// BundleOnly is a=bundle-only (RFC 9143 §6).
	BundleOnly bool
	// RTCPMux, RTCPMuxOnly and RTCPRsize are the attributes of RFC 5761 §5.1.1,
	// RFC 8858 §3 and RFC 5506 §5.
	RTCPMux, RTCPMuxOnly, RTCPRsize bool
	// RTCP is the value of a=rtcp (RFC 3605), or "".
	RTCP             string
	ExtmapAllowMixed bool
	// Cryptex is a=cryptex (RFC 9335 §4).
	Cryptex bool

	RTPMaps    []RTPMap
	FMTPs      []FMTP
	RTCPFBs    []RTCPFB
	Extmaps    []Extmap
	Msids      []Msid
	SSRCs      []SSRC
	SSRCGroups []SSRCGroup
	RIDs       []RID
	// Simulcast is a=simulcast (RFC 8853), nil without the line.
	Simulcast *Simulcast
	// PTime and MaxPTime are a=ptime and a=maxptime in milliseconds, 0 without.
	PTime, MaxPTime int

	// SCTPPort is a=sctp-port (RFC 8841 §5); 0 without the line.
	SCTPPort uint16
	// MaxMessageSize is a=max-message-size in bytes (RFC 8841 §6); nil without
	// the line, which means 65536; 0 means any size.
	MaxMessageSize *uint64
	// SCTPInit is the base64 value of a=sctp-init, or "".
	SCTPInit string

	// Attributes are all others, and known ones whose values do not parse, in
	// their order.
	Attributes []Attribute

	// Malformed says why this section cannot be used although the description
	// as a whole can: an m= line or a needed attribute that does not parse.
	// An answer rejects such a section. It is nil in a good one, else a
	// *SyntaxError; the other fields then hold what could be read.
	Malformed error

	// unreadLine is the text of an m= line that did not parse, and unread are
	// such lines of other types but a=. Marshal writes them as they were read
	// as long as Malformed says so.
	unreadLine string
	unread     []string
}

// RTPMap is a=rtpmap (RFC 8866 §6.6).
type RTPMap struct {
	PayloadType uint8
	Encoding    string
	ClockRate   uint32
	// Channels is the encoding parameter of audio; 0 without one.
	Channels uint16
}

// FMTP is a=fmtp (RFC 8866 §6.15); Format is a payload type or, rarely, "*".
type FMTP struct {
	Format     string
	Parameters string
}

// RTCPFB is a=rtcp-fb (RFC 4585 §4.2); Format is a payload type or "*".
type RTCPFB struct {
	Format    string
	Type      string
	Parameter string
}

// Extmap is a=extmap (RFC 8285 §5).
type Extmap struct {
	ID uint16
	// Direction is DirectionUnspecified without one.
	Direction  Direction
	URI        string
	Attributes string
}

// Msid is a=msid (RFC 8830); Stream "-" means no stream. Track is "" where the
// line has one identifier only.
type Msid struct {
	Stream, Track string
}

// SSRC is a=ssrc (RFC 5576 §4.1).
type SSRC struct {
	ID               uint32
	Attribute, Value string
}

// SSRCGroup is a=ssrc-group (RFC 5576 §4.2).
type SSRCGroup struct {
	Semantics string
	SSRCs     []uint32
}

// RID is a=rid (RFC 8851).
type RID struct {
	ID string
	// Direction is "send" or "recv".
	Direction string
	// PayloadTypes is the list of the pt= restriction.
	PayloadTypes []uint8
	// Restrictions are the others, in order, as "max-width=1280".
	Restrictions []string
}

// Simulcast is a=simulcast (RFC 8853): for each direction a list of streams,
// each a list of alternative RIDs.
type Simulcast struct {
	Send, Recv [][]SimulcastRID
}

// SimulcastRID is one alternative; Paused is its "~".
type SimulcastRID struct {
	ID     string
	Paused bool
}

// Direction is the direction of a media section (RFC 8866 §6.7).
type Direction uint8

// The directions; DirectionUnspecified means that no line was present, which
// counts as sendrecv.
const (
	DirectionUnspecified Direction = iota
	DirectionSendrecv
	DirectionSendonly
	DirectionRecvonly
	DirectionInactive
)

// Setup is the DTLS role offered or answered (RFC 8842 §5.1, RFC 4145 §4).
type Setup uint8

// The setup values.
const (
	SetupUnspecified Setup = iota
	SetupActive
	SetupPassive
	SetupActpass
	SetupHoldconn
)
