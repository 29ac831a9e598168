package compat

import "regexp"

// A rule gives the names that it matches, qualified and as a whole, a reason
// and what is to come.
type rule struct {
	names  *regexp.Regexp
	reason string
	// families, if not empty, is what the page has in place of a long list.
	families string
}

func names(pattern string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + pattern + `)$`) }

// areas say where on the page a name stands; the first match counts. What none
// matches is of the last.
var areas = []rule{
	{names: names(`rtcerr\..*|Err[A-Z].*`), reason: "Errors"},
	{names: names(`(ice\.|NewICE(UDP|TCP)Mux|ICE|NewICE|ParseICE|Nomination|Renomination|WithRenomination|NetworkType|NewNetworkType).*`), reason: "ICE"},
	{names: names(`(datachannel\.|DataChannel|SCTP).*`), reason: "Data channels and SCTP"},
	{names: names(`(DTLS|Certificate|NewCertificate|GenerateCertificate).*`), reason: "DTLS and certificates"},
	{names: names(`SettingEngine.*|NewLoggerFactory`), reason: "Settings"},
	{names: names(`media(/.*)?\..*`), reason: "Media files"},
	{names: names(`.*(Stats|Quality|CodecType|MediaKind).*`), reason: "Statistics"},
	{names: names(`.*(RTP|RTCP|Track|Media|Codec|Interceptor|Transceiver|Receiver|Sender|SSRC|PayloadType|MimeType|Payloader|Congestion|FlexFEC|Nack|TWCC|HeaderExtension|Priority).*`), reason: "Audio and video"},
	{names: names(`.*`), reason: "Connection"},
}

// missingReasons say why a name is not there, and with what it comes.
var missingReasons = []rule{
	{names: names(`AttributeRtx.*`), reason: "are attributes of packets that pion's Read took from RTX. InboundPacket.Recovered says so of those that OnPacketPush gets"},
	{names: names(`SettingEngine\.BufferFactory`), reason: "makes pion's buffers of received packets; here a track has its own, of a fixed size"},
	{names: names(`API\.New(DTLSTransport|DataChannel|ICEGatherer|ICETransport|SCTPTransport|RTPReceiver|RTPSender)|NewICETransport|ICEGatherer|` +
		`(DTLS|ICE|SCTP)Transport\.(Start|StartContext|Stop|GracefulStop)|ICETransport\.(AddRemoteCandidate|SetRemoteCandidates)|SCTPTransport\.OnDataChannel(Opened)?`),
		reason: "are ORTC's way to build transports without a PeerConnection. Here a PeerConnection's loop owns them; they come with an owner of their own for such transports"},
	{names: names(`.*(UDPMux|TCPMux).*|ice\.AllConnsGetter`),
		reason: "hand out a net.PacketConn for each connection, which costs a goroutine for each and a copy for each packet. Here the goroutine that reads a shared socket " +
			"hands packets to their connections, and UDPMux and TCPMux are made by this module's functions only. Server-reflexive candidates are found through every UDPMux, " +
			"and Network of SettingEngine.SetNetwork is in the place of pion/transport's Net"},
	{names: names(`ice\.Candidate\.Last(Received|Sent)`), reason: "are not the candidate's: it is a value that no traffic changes. ICECandidatePairStats has the times of a pair"},
	{names: names(`SettingEngine\.SetNet`), reason: "is SetNetwork here: its type in pion is of pion/transport, in a version that the engines used here have left behind"},
}

// differsReasons say why a name is another thing here.
var differsReasons = []rule{
	{names: names(`SettingEngine\.SetICEBindingRequestHandler`),
		reason: "Its pair is an ice.Pair, of which ice.CandidatePair is another name: handlers compile as before that read its Local and Remote. ICECandidatePairStats has the figures"},
	{names: names(`ice\.Candidate(\..*)?|ice\.NewCandidate.*`),
		reason: "A candidate is a value, not an interface, so that goroutines can share it. Calls of its methods compile as before, where it is in a variable"},
	{names: names(`ice\.(UDPMux|TCPMux)`),
		reason: "A port hands packets to its connections on the goroutine that reads it, which a net.PacketConn for each could not do; the interfaces are for this module's own muxes"},
	{names: names(`media/oggwriter\..*Option|ice\.UDPMuxFromPortOption`),
		reason: "Options have methods that are not exported, so that only their own package makes them. Calls compile as before"},
	{names: names(`ice\.ComponentRTCP`), reason: "The component of RTCP is 2 (RFC 8445 §4)"},
}

// reasonFor returns the first rule that matches, or -1.
func reasonFor(rules []rule, name string) int {
	for i, r := range rules {
		if r.names.MatchString(name) {
			return i
		}
	}
	return -1
}
