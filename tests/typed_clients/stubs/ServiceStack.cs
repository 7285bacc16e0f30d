// What ServiceStack's .NET client gives, as far as the example needs it, on what Mono has.
using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Runtime.Serialization;
using System.Runtime.Serialization.Json;
using System.Text;

namespace ServiceStack
{
    public interface IReturn {}
    public interface IReturn<T> : IReturn {}
    public interface IReturnVoid : IReturn {}
    public interface IGet {}
    public interface IPost {}
    public interface IPut {}
    public interface IDelete {}
    public interface IPatch {}

    [AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
    public class RouteAttribute : Attribute { public RouteAttribute(string path, string verbs) {} }

    [DataContract] public class ResponseError { [DataMember(Name = "errorCode")] public string ErrorCode; }
    [DataContract] public class ResponseStatus { [DataMember(Name = "errorCode")] public string ErrorCode; [DataMember(Name = "message")] public string Message; }
    [DataContract] public class Refusal { [DataMember(Name = "responseStatus")] public ResponseStatus ResponseStatus; }
    [DataContract] public class EmptyResponse {}
    [DataContract] public class IdResponse { [DataMember(Name = "id")] public string Id; }
    [DataContract] public class StringResponse { [DataMember(Name = "result")] public string Result; }
    [DataContract] public class QueryResponse<T> { [DataMember(Name = "results")] public List<T> Results; }

    public class WebServiceException : Exception
    {
        public string ErrorCode;
        public WebServiceException(ResponseStatus status) : base(status.Message) { ErrorCode = status.ErrorCode; }
    }

    public class JsonApiClient
    {
        static readonly DataContractJsonSerializerSettings settings = new DataContractJsonSerializerSettings { UseSimpleDictionaryFormat = true };
        readonly string url;
        public string BearerToken;
        public JsonApiClient(string url) { this.url = url; }

        public T Send<T>(IReturn<T> request)
        {
            var call = WebRequest.CreateHttp(url + "/api/" + request.GetType().Name);
            call.Method = "POST";
            call.ContentType = "application/json";
            call.Headers["Authorization"] = "Bearer " + BearerToken;
            using (var body = call.GetRequestStream())
                new DataContractJsonSerializer(request.GetType(), settings).WriteObject(body, request);
            try {
                using (var answer = call.GetResponse()) return Read<T>(answer.GetResponseStream());
            } catch (WebException e) {
                throw new WebServiceException(Read<Refusal>(e.Response.GetResponseStream()).ResponseStatus);
            }
        }

        static T Read<T>(Stream from) { return (T)new DataContractJsonSerializer(typeof(T), settings).ReadObject(from); }
    }
}

namespace ServiceStack.DataAnnotations { class Nothing {} }
