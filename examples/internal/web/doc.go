// Package web serves a page on which a browser connects to this program, chats
// and exchanges files with it over data channels, and watches how the
// connection comes about: the sequence diagram and all six descriptions of both
// peers, live.
//
// A WebSocket is the signal channel. It also tells the page what the program
// alone can see: what the STUN server is asked, the checks and handshake
// records at the program's sockets, and its peer's descriptions. Chat and files
// go from peer to peer.
//
// # Safety
//
// A page of another origin cannot open the WebSocket, and a host name that is
// made to point here (DNS rebinding) is refused. Sessions, messages, and files
// are limited in number and size; files stay in memory and their names are never
// used as paths. The page loads nothing from anywhere else.
package web
