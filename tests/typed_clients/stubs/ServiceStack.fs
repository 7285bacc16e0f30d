namespace ServiceStack
[<AllowNullLiteral>] type IReturn = interface end
[<AllowNullLiteral>] type IReturn<'T> = interface end
[<AllowNullLiteral>] type IReturnVoid = interface end
[<AllowNullLiteral>] type IGet = interface end
[<AllowNullLiteral>] type IPost = interface end
[<AllowNullLiteral>] type IPut = interface end
[<AllowNullLiteral>] type IDelete = interface end
[<AllowNullLiteral>] type IPatch = interface end
type RouteAttribute(path:string, verb:string) = inherit System.Attribute()
[<AllowNullLiteral>] type ResponseStatus() = class end
[<AllowNullLiteral>] type ResponseError() = class end
[<AllowNullLiteral>] type EmptyResponse() = class end
[<AllowNullLiteral>] type IdResponse() = class end
[<AllowNullLiteral>] type StringResponse() = class end
[<AllowNullLiteral>] type QueryResponse<'T>() = class end
type WebServiceException(errorCode: string) =
    inherit System.Exception(errorCode)
    member _.ErrorCode = errorCode
type JsonApiClient(url: string) =
    member val Url = url
    member val BearerToken: string = null with get, set
    member _.Send<'T>(request: IReturn<'T>) : 'T = failwith "nothing is sent here"
namespace ServiceStack.DataAnnotations
type X() = class end
namespace System.Runtime.Serialization
type DataContractAttribute() = inherit System.Attribute()
type DataMemberAttribute() =
    inherit System.Attribute()
    member val Name: string = null with get, set
type EnumMemberAttribute() =
    inherit System.Attribute()
    member val Value: string = null with get, set
