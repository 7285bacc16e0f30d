// Arguments: the gateway's URL, an API key, a model.
const std = @import("std");
const dtos = @import("dtos.zig");

const Client = struct {
    url: []const u8,
    key: []const u8,
    http: std.http.Client,
    arena: std.mem.Allocator,
    /// Why the last call was refused.
    refusal: []const u8 = "",

    fn send(self: *Client, request: anytype) !@TypeOf(request).Response {
        const Request = @TypeOf(request);
        const bearer = try std.fmt.allocPrint(self.arena, "Bearer {s}", .{self.key});
        var told: std.Io.Writer.Allocating = .init(self.arena);
        const answer = try self.http.fetch(.{
            .location = .{ .url = try std.fmt.allocPrint(self.arena, "{s}/api/{s}", .{ self.url, Request.type_name }) },
            .payload = try std.json.Stringify.valueAlloc(self.arena, request, .{ .emit_null_optional_fields = false }),
            .response_writer = &told.writer,
            .headers = .{ .authorization = .{ .override = bearer }, .content_type = .{ .override = "application/json" } },
        });
        if (answer.status.class() != .success) {
            const Refusal = struct { responseStatus: struct { errorCode: []const u8 } };
            self.refusal = (try self.read(Refusal, told.written())).responseStatus.errorCode;
            return error.Refused;
        }
        return self.read(Request.Response, told.written());
    }

    fn read(self: *Client, comptime T: type, json: []const u8) !T {
        return std.json.parseFromSliceLeaky(T, self.arena, json, .{ .ignore_unknown_fields = true });
    }
};

pub fn main(init: std.process.Init) !void {
    const arena = init.arena.allocator();
    const args = try init.minimal.args.toSlice(arena);
    const model = args[3];
    const print = std.debug.print;
    // [example]
    // `Client.send` POSTs a struct's JSON to /api/ and its type_name, with std.http and std.json.
    var client: Client = .{ .url = args[1], .key = args[2], .arena = arena, .http = .{ .allocator = init.gpa, .io = init.io } };
    defer client.http.deinit();
    const messages = [_]dtos.OpenAiMessage{.{ .role = "user", .content = .{ .string = "Hello!" } }};

    // Wait for the answer:
    const answer = try client.send(dtos.OpenAiChatCompletion{ .model = model, .messages = &messages });
    print("sync: {s}\n", .{answer.choices[0].message.content.?});

    // Or queue it; a callback comes to replyTo, if you give one.
    const ref_id = try std.fmt.allocPrint(arena, "order-{d}", .{std.Io.Clock.real.now(init.io).nanoseconds});
    const request: dtos.OpenAiChat = .{ .model = model, .messages = &messages };
    const queued = try client.send(dtos.QueueOpenAiChatCompletion{ .refId = ref_id, .request = request });
    const ask: dtos.GetOpenAiChatStatus = .{ .refId = queued.refId };
    var status = try client.send(ask);
    while (!std.mem.eql(u8, status.jobState, "Completed") and !std.mem.eql(u8, status.jobState, "Failed")) {
        try init.io.sleep(.fromMilliseconds(200), .awake);
        status = try client.send(ask);
    }
    print("queued: {s} {s}\n", .{ status.jobState, status.result.?.choices[0].message.content.? });

    // A picture; speech, transcripts and transforms go the same way. What is made comes as a link:
    const made = try client.send(dtos.TextToImage{ .positivePrompt = "A red kite", .width = 256, .height = 256 });
    print("media: {s}\n", .{made.results[0].url});

    // What is refused says why:
    if (client.send(dtos.OpenAiChatCompletion{ .model = "no-such-model", .messages = &messages })) |_| {} else |_| {
        print("error: {s}\n", .{client.refusal});
    }
    // [/example]
}
