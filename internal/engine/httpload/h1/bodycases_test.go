package h1

import (
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// framingCases are about where a response ends (RFC 9112, 6).
func framingCases() []wireCase {
	const ok = "HTTP/1.1 200 \r\n"
	bad := func(name, lines string) wireCase {
		return wireCase{name: name, wire: ok + lines + "\r\n", want: "first; fail malformed"}
	}
	hello := func(name, lines string) wireCase {
		wire := ok + lines + "\r\nhello"
		return wireCase{name: name, wire: wire, want: `first; 200 len 5; "hello"; end ` + itoa(len(wire)) + "; kept"}
	}
	bare := func(name, method, wire, status string) wireCase {
		return wireCase{name: name, method: method, wire: wire, want: "first; " + status + " len 0; end " + itoa(len(wire)) + "; kept"}
	}
	rest := func(name, lines string) wireCase {
		wire := ok + lines + "\r\nhello"
		return wireCase{name: name, wire: wire, want: `first; 200 len -1; "hello"; EOF; end ` + itoa(len(wire))}
	}
	return []wireCase{
		hello("Length", "Content-Length: 5\r\n"),
		hello("LengthSmallLetters", "content-length:5\r\n"),
		hello("LengthCapitals", "CONTENT-LENGTH: 5\t\r\n"),
		hello("LengthZeros", "Content-Length: 0000000000000000000000005\r\n"),
		hello("LengthFolded", "Content-Length:\r\n 5\r\n"),
		hello("EqualLengths", "Content-Length: 5\r\nContent-Length: 5\r\n"),
		hello("EqualLengthsApart", "Content-Length: 5\r\nA-Length:b\r\nContent-Length: 05\r\n").fields(` A-Length="b"`),
		hello("ListOfEqualLengths", "Content-Length: 5, 5 ,5\r\n"),
		bad("UnequalLengths", "Content-Length: 5\r\nContent-Length: 6\r\n"),
		bad("ListOfUnequalLengths", "Content-Length: 5, 6\r\n"),
		bad("EmptyLength", "Content-Length:\r\n"),
		bad("LengthAndEmptyLength", "Content-Length: 5\r\nContent-Length:\r\n"),
		bad("LengthWithEmptyItem", "Content-Length: 5,\r\n"),
		bad("LengthWithEmptyFirstItem", "Content-Length: ,5\r\n"),
		bad("LengthNoNumber", "Content-Length: many\r\n"),
		bad("LengthNegative", "Content-Length: -5\r\n"),
		bad("LengthSigned", "Content-Length: +5\r\n"),
		bad("LengthHex", "Content-Length: 0x5\r\n"),
		bad("LengthTwoNumbers", "Content-Length: 5 5\r\n"),
		bad("LengthFoldedNumbers", "Content-Length: 5\r\n 5\r\n"),
		bad("LengthFraction", "Content-Length: 5.0\r\n"),
		bad("LengthSemicolon", "Content-Length: 5;\r\n"),
		bad("LengthUnderscore", "Content-Length: 1_0\r\n"),
		bad("LengthOtherDigits", "Content-Length: \xd9\xa5\r\n"),
		bad("LengthOverflow", "Content-Length: 9223372036854775808\r\n"),
		bad("LengthOverflow64", "Content-Length: 18446744073709551621\r\n"),
		bad("LengthOverflowByFar", "Content-Length: "+strings.Repeat("9", 200)+"\r\n"),
		bad("BadThenGoodLength", "Content-Length: x\r\nContent-Length: 5\r\n"),
		{name: "LargestLength", wire: ok + "Content-Length: 9223372036854775807\r\n\r\n", want: "first; 200 len 9223372036854775807; fail too_large"},
		{name: "BodyCutShort", wire: ok + "Content-Length: 5\r\n\r\nhell", want: `first; 200 len 5; "hell"; EOF; fail closed`},
		{name: "BodyMissing", wire: ok + "Content-Length: 5\r\n\r\n", want: `first; 200 len 5; EOF; fail closed`},
		{name: "BodyStalls", wire: ok + "Content-Length: 5\r\n\r\n12", open: true, want: `first; 200 len 5; "12"; waits`},
		{name: "BodyTooLong", wire: ok + "Content-Length: 5\r\n\r\nhello world", want: `first; 200 len 5; "hello"; end 41; surplus`},
		{name: "AnotherResponse", wire: ok + none + ok + none, want: "first; 200 len 0; end 36; surplus"},
		{name: "EmptyLineBehind", wire: ok + none + "\r\n", want: "first; 200 len 0; end 36; surplus"},

		bare("HEAD", "HEAD", ok+"Content-Length: 10\r\n\r\n", "200"),
		bare("HEADNoLength", "HEAD", ok+"\r\n", "200"),
		bare("HEADChunked", "HEAD", ok+"Transfer-Encoding: chunked\r\n\r\n", "200"),
		bare("HEADBadLength", "HEAD", ok+"Content-Length: x\r\n\r\n", "200"),
		bare("HEADBoth", "HEAD", ok+"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", "200"),
		bare("204", "", "HTTP/1.1 204 \r\n\r\n", "204"),
		bare("204Length", "", "HTTP/1.1 204 \r\nContent-Length: 10\r\n\r\n", "204"),
		bare("204Chunked", "", "HTTP/1.1 204 \r\nTransfer-Encoding: chunked\r\n\r\n", "204"),
		bare("304", "", "HTTP/1.1 304 \r\n\r\n", "304"),
		bare("304Length", "", "HTTP/1.1 304 \r\nContent-Length: 10\r\n\r\n", "304"),
		bare("205", "", "HTTP/1.1 205 \r\nContent-Length: 0\r\n\r\n", "205"),
		{name: "HEADWithBody", method: "HEAD", wire: ok + "Content-Length: 2\r\n\r\nhi", want: "first; 200 len 0; end 36; surplus"},
		{name: "204WithBody", wire: "HTTP/1.1 204 \r\nContent-Length: 2\r\n\r\nhi", want: "first; 204 len 0; end 36; surplus"},
		{name: "304WithBody", wire: "HTTP/1.1 304 \r\n\r\nhi", want: "first; 304 len 0; end 17; surplus"},
		{name: "205WithoutLength", wire: "HTTP/1.1 205 \r\n\r\n", want: "first; 205 len -1; EOF; end 17"},

		rest("UntilTheEnd", ""),
		rest("ContentLengthElsewhere", "Content-Length-X: 5\r\n").fields(` Content-Length-X="5"`),
		rest("NotChunkedLast", "Transfer-Encoding: chunked, gzip\r\n"),
		rest("NotChunked", "Transfer-Encoding: gzip\r\n"),
		rest("Identity", "Transfer-Encoding: identity\r\n"),
		rest("NotChunkedLastApart", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
		rest("ChunkedInOneWord", "Transfer-Encoding: chunkedchunked\r\n"),
		rest("NearlyChunked", "Transfer-Encoding: xchunked\r\n"),
		rest("NotChunkedWithLength", "Transfer-Encoding: gzip\r\nContent-Length: 3\r\n"),
		rest("CodingWithParameter", "Transfer-Encoding: deflate;q=1\r\n"),
		{name: "UntilTheEndEmpty", wire: ok + "\r\n", want: "first; 200 len -1; EOF; end 17"},
		{name: "UntilTheEndOpen", wire: ok + "\r\nab", open: true, want: `first; 200 len -1; "ab"; waits`},

		bad("NoCoding", "Transfer-Encoding:\r\n"),
		bad("NoCodingInList", "Transfer-Encoding: , ,\r\n"),
		bad("NoCodingButLength", "Transfer-Encoding:\r\nContent-Length: 5\r\n"),
		bad("ChunkedTwice", "Transfer-Encoding: chunked, chunked\r\n"),
		bad("ChunkedTwiceApart", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
		bad("ChunkedWithin", "Transfer-Encoding: chunked, gzip, chunked\r\n"),
		bad("ChunkedWithParameter", "Transfer-Encoding: chunked;q=1\r\n"),
		bad("ChunkedFoldedOn", "Transfer-Encoding: chunked\r\n  abc\r\n"),
		bad("ChunkedAndMore", "Transfer-Encoding: chunked x\r\n"),
		bad("QuotedCoding", "Transfer-Encoding: \"chunked\"\r\n"),
		bad("QuoteHidesComma", "Transfer-Encoding: a;b=\"c, chunked\r\n"),
	}
}

// fields adds what the head is told to have beside framing.
func (c wireCase) fields(text string) wireCase {
	for _, n := range []string{"len 5", "len -1"} {
		c.want = strings.Replace(c.want, n, n+text, 1)
	}
	return c
}

// chunkCases are about chunks and trailers (RFC 9112, 7.1).
func chunkCases() []wireCase {
	const ok = "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n"
	good := func(name, body, want string) wireCase {
		if want != "" {
			want = `"` + want + `"; `
		}
		return wireCase{name: name, wire: ok + body, want: "first; 200 len -1; " + want + "end " + itoa(len(ok+body)) + "; kept"}
	}
	bad := func(name, body, want string) wireCase {
		if want != "" {
			want = `"` + want + `"; `
		}
		return wireCase{name: name, wire: ok + body, open: true, want: "first; 200 len -1; " + want + "fail malformed"}
	}
	cut := func(name, body, want string) wireCase {
		c := bad(name, body, want)
		c.open = false
		c.want = strings.Replace(c.want, "fail malformed", "EOF; fail closed", 1)
		return c
	}
	te := func(name, lines string) wireCase {
		wire := "HTTP/1.1 200 \r\n" + lines + "\r\n3\r\nabc\r\n0\r\n\r\n"
		return wireCase{name: name, wire: wire, want: `first; 200 len -1; "abc"; end ` + itoa(len(wire)) + "; kept"}
	}
	return []wireCase{
		good("Chunk", "5\r\nhello\r\n0\r\n\r\n", "hello"),
		good("Chunks", "5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n", "hello world"),
		good("NoChunks", "0\r\n\r\n", ""),
		good("HexSmall", "a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
		good("HexCapital", "0A\r\n0123456789\r\n000\r\n\r\n", "0123456789"),
		good("LineEndsInChunk", "6\r\n\r\n0\r\n\r\r\n0\r\n\r\n", `\r\n0\r\n\r`),
		good("Extension", "3;a\r\nabc\r\n0;b=c\r\n\r\n", "abc"),
		good("ExtensionSpaces", "3 ; a = \"b;c\"\t;d\r\nabc\r\n0\r\n\r\n", "abc"),
		good("ExtensionOnly", "3;\r\nabc\r\n0\r\n\r\n", "abc"),
		good("SpacesBehindSize", "3  \t\r\nabc\r\n0 \r\n\r\n", "abc"),
		good("ManyZeros", strings.Repeat("0", 100)+"3\r\nabc\r\n0\r\n\r\n", "abc"),
		good("Trailer", "3\r\nabc\r\n0\r\nDigest: x\r\n\r\n", "abc"),
		good("Trailers", "0\r\nA: b\r\nC:\r\nA: d\r\n\r\n", ""),
		good("TrailerFolded", "0\r\nA: b\r\n c\r\nC: d\r\n\r\n", ""),
		good("TrailerBareLF", "0\r\nA: b\n\n", ""),
		good("TrailersDoNotFrame", "0\r\nContent-Length: 7\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\n", ""),
		te("ChunkedCapitals", "Transfer-Encoding: CHUNKED\r\n"),
		te("ChunkedName", "TRANSFER-ENCODING:chunked\r\n"),
		te("ChunkedLast", "Transfer-Encoding: gzip, chunked\r\n"),
		te("ChunkedLastApart", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"),
		te("ChunkedEmptyItems", "Transfer-Encoding: ,chunked,,\r\n"),
		te("ChunkedFolded", "Transfer-Encoding:\r\n\tchunked\r\n"),
		te("ChunkedKeepAlive", "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n"),
		te("ChunkedWithLength", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n").spent(),
		te("ChunkedWithLengthBehind", "Transfer-Encoding: chunked\r\nContent-Length: 9999\r\n").spent(),
		te("ChunkedWithBadLength", "Transfer-Encoding: chunked\r\nContent-Length: x\r\n").spent(),

		bad("NoSize", "\r\nabc\r\n", ""),
		bad("SizeNoHex", "zz\r\n", ""),
		bad("SizePrefixed", "0x3\r\nabc\r\n", ""),
		bad("SizeNegative", "-3\r\nabc\r\n", ""),
		bad("SizeSigned", "+3\r\nabc\r\n", ""),
		bad("SpaceBeforeSize", " 3\r\nabc\r\n", ""),
		bad("SizeThenGarbage", "3g\r\nabc\r\n", ""),
		bad("SizeThenWord", "3 word\r\nabc\r\n", ""),
		bad("SizeThenNumber", "3 3\r\nabc\r\n", ""),
		bad("SizeNUL", "3\x00\r\nabc", ""),
		bad("SizeQuoted", "\"3\"\r\nabc\r\n", ""),
		bad("SizeOverflow", "8000000000000000\r\n", ""),
		bad("SizeOverflow64", "10000000000000003\r\nabc", ""),
		bad("SizeOverflowByFar", strings.Repeat("f", 40)+"\r\n", ""),
		bad("ExtensionFirst", ";a\r\n", ""),
		bad("SizeBareLF", "3\nabc\r\n0\r\n\r\n", ""),
		bad("ExtensionBareLF", "3;a\nabc\r\n0\r\n\r\n", ""),
		bad("ExtensionNUL", "3;a\x00\r\nabc", ""),
		bad("SizeCarriageReturn", "3\rabc", ""),
		bad("ExtensionCarriageReturn", "3;a\rb\r\nabc", ""),
		bad("SizeTwoCarriageReturns", "3\r\r\nabc", ""),
		bad("ChunkTooLongForSize", "3\r\nabcd\r\n0\r\n\r\n", "abc"),
		bad("ChunkTooShortForSize", "3\r\nab\r\n0\r\n\r\n", `ab\r`),
		bad("ChunkBareLF", "3\r\nabc\n0\r\n\r\n", "abc"),
		bad("ChunkCarriageReturn", "3\r\nabc\r0\r\n\r\n", "abc"),
		bad("ChunkWithoutLineEnd", "3\r\nabc0\r\n\r\n", "abc"),
		bad("LastChunkBareLF", "0\n\r\n", ""),
		bad("TrailerNoColon", "0\r\nabc\r\n\r\n", ""),
		bad("TrailerSpaceBeforeColon", "0\r\nA : b\r\n\r\n", ""),
		bad("TrailerNUL", "0\r\nA: \x00b\r\n\r\n", ""),
		bad("TrailerCarriageReturn", "0\r\nA: \rb\r\n\r\n", ""),
		bad("TrailerFoldFirst", "0\r\n A: b\r\n\r\n", ""),
		bad("EndlessZeros", strings.Repeat("0", maxChunkLine+1), ""),
		bad("EndlessExtension", "1;"+strings.Repeat("a", maxChunkLine), ""),
		{name: "LargestSize", wire: ok + "7fffffffffffffff\r\n", want: "first; 200 len -1; fail too_large"},

		cut("EndsBeforeChunks", "", ""),
		cut("EndsInSize", "3", ""),
		cut("EndsInExtension", "3;a", ""),
		cut("EndsInSizeLine", "3\r", ""),
		cut("EndsBeforeChunk", "3\r\n", ""),
		cut("EndsInChunk", "3\r\nab", "ab"),
		cut("EndsBehindChunk", "3\r\nabc", "abc"),
		cut("EndsInLineBehindChunk", "3\r\nabc\r", "abc"),
		cut("EndsBetweenChunks", "3\r\nabc\r\n", "abc"),
		cut("EndsBehindLastChunk", "3\r\nabc\r\n0\r\n", "abc"),
		cut("EndsInTrailer", "0\r\nA: b", ""),
		cut("EndsBehindTrailer", "0\r\nA: b\r\n", ""),
		cut("EndsInLastLine", "0\r\nA: b\r\n\r", ""),
		{name: "BehindChunks", wire: ok + "0\r\n\r\nmore", want: "first; 200 len -1; end 50; surplus"},
	}
}

// spent expects the connection not to be kept.
func (c wireCase) spent() wireCase {
	c.want = strings.TrimSuffix(c.want, "; kept")
	return c
}

// lifeCases are about interim responses, other protocols and the life of the
// connection (RFC 9112, 9; RFC 9110, 15.2).
func lifeCases() []wireCase {
	with := func(name, version, lines string) wireCase {
		wire := "HTTP/" + version + " 200 OK\r\n" + lines + none
		return wireCase{name: name, wire: wire, want: "first; 200 len 0; end " + itoa(len(wire)) + "; kept"}
	}
	last := with("Last", "1.1", "").spent()
	last.last = true
	lastKept := with("LastButKept", "1.1", "Connection: keep-alive\r\n").spent()
	lastKept.last = true
	const ok = "HTTP/1.1 200 \r\n"
	return []wireCase{
		with("KeptByDefault", "1.1", ""),
		with("KeepAlive", "1.1", "Connection: keep-alive\r\n"),
		with("Close", "1.1", "Connection: close\r\n").spent(),
		with("CloseCapitals", "1.1", "CONNECTION: CLOSE\r\n").spent(),
		with("CloseInList", "1.1", "Connection: foo, Close ,bar\r\n").spent(),
		with("CloseInSecondField", "1.1", "Connection: foo\r\nConnection:close\r\n").spent(),
		with("CloseFolded", "1.1", "Connection: foo,\r\n close\r\n").spent(),
		with("CloseAndKeepAlive", "1.1", "Connection: keep-alive, close\r\n").spent(),
		with("EmptyConnection", "1.1", "Connection:\r\n"),
		with("OtherOption", "1.1", "Connection: closed, enclose, clos\r\n"),
		with("CloseInOtherField", "1.1", "Konnection: close\r\n").fieldsIn(` Konnection="close"`),
		with("ProxyConnection", "1.1", "Proxy-Connection: close\r\n").fieldsIn(` Proxy-Connection="close"`),
		with("Old", "1.0", "").spent(),
		with("OldKeepAlive", "1.0", "Connection: Keep-Alive\r\n"),
		with("OldKeepAliveInList", "1.0", "Connection: foo, keep-alive\r\n"),
		with("OldClose", "1.0", "Connection: close\r\n").spent(),
		with("OldCloseAndKeepAlive", "1.0", "Connection: close, keep-alive\r\n").spent(),
		with("UpgradeOffered", "1.1", "Connection: upgrade\r\nUpgrade: h2c\r\n").fieldsIn(` Upgrade="h2c"`),
		{name: "Old204KeepAlive", wire: "HTTP/1.0 204 \r\nConnection: keep-alive\r\n\r\n", want: "first; 204 len 0; end 41; kept"},
		{name: "OldUntilTheEndLooksLikeTwo", wire: "HTTP/1.0 200 \r\nConnection: keep-alive\r\n\r\nHTTP/1.0 200", want: `first; 200 len -1; "HTTP/1.0 200"; EOF; end 53`},
		{name: "OldEmptyLineBefore", wire: "\r\nHTTP/1.0 204 \r\n\r\n", want: "first; 204 len 0; end 19"},
		{name: "OldUntilTheEnd", wire: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nabc", want: `first; 200 len -1; "abc"; EOF; end 46`},
		{name: "OldChunked", wire: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", want: `first; 200 len -1; "a"; end 82`},
		last, lastKept,

		{name: "Continue", wire: "HTTP/1.1 100 Continue\r\n\r\n" + ok + none, want: "interim 100; first; 200 len 0; end 61; kept"},
		{name: "Interims", wire: "HTTP/1.1 100\r\n\r\nHTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 199 \r\nA: b\r\n c\r\n\r\n" + ok + none, want: "interim 100; interim 103; interim 199; first; 200 len 0; end 113; kept"},
		{name: "InterimHasNoBody", wire: "HTTP/1.1 102 \r\nContent-Length: 3\r\n\r\n" + ok + none, want: "interim 102; first; 200 len 0; end 72; kept"},
		{name: "InterimCloses", wire: "HTTP/1.1 103 \r\nConnection: close\r\n\r\n" + ok + none, want: "interim 103; first; 200 len 0; end 72"},
		{name: "InterimAlone", wire: "HTTP/1.1 103 \r\n\r\n", want: "interim 103; EOF; fail closed"},
		{name: "InterimMalformed", wire: "HTTP/1.1 103 \r\nA\r\n\r\n", want: "fail malformed"},
		{name: "GarbageBehindInterim", wire: "HTTP/1.1 103 \r\n\r\nX", open: true, want: "interim 103; fail malformed"},
		{name: "Switches", wire: "HTTP/1.1 101 \r\nUpgrade: x\r\n\r\n", want: `first; 101 len 0 Upgrade="x"; end 29`},
		{name: "SwitchesWithLength", wire: "HTTP/1.1 101 \r\nContent-Length: 4\r\n\r\n", want: `first; 101 len 0; end 36`},
		{name: "SwitchesAndSpeaks", wire: "HTTP/1.1 101 \r\n\r\n\x00\x01", want: `first; 101 len 0; end 17; surplus`},
		{name: "Tunnel", method: "CONNECT", wire: ok + "Content-Length: 4\r\n\r\n", want: "first; 200 len 0; end 36"},
		{name: "TunnelRefused", method: "CONNECT", wire: "HTTP/1.1 407 \r\n" + none, want: "first; 407 len 0; end 36; kept"},
	}
}

func (c wireCase) fieldsIn(text string) wireCase {
	c.want = strings.Replace(c.want, "len 0", "len 0"+text, 1)
	return c
}
